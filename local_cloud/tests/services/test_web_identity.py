"""A role that trusts an identity provider: who gets its key, and what the key may do."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local_cloud import LocalCloud
from local_cloud.tests.iam.policies import for_principal, policy

ISSUER = "tokens.example.com"
CLAIMS = {"iss": f"https://{ISSUER}", "aud": "sts.amazonaws.com", "sub": "job:one"}
RIGHTS = {"Action": ["s3:ListAllMyBuckets", "sqs:ListQueues"]}
# For each format of errors, a service and a call that the role may not make.
REFUSED = [
    ("cloudformation", "list_stacks"),
    ("cloudwatch", "describe_alarms"),
    ("events", "list_rules"),
    ("iam", "list_roles"),
    ("lambda", "list_functions"),
    ("sns", "list_topics"),
]


@pytest.fixture(scope="module")
def strict() -> Iterator[LocalCloud]:
    with LocalCloud() as cloud:
        provider = cloud.client("iam").create_open_id_connect_provider(Url=CLAIMS["iss"])["OpenIDConnectProviderArn"]
        trusted = {"StringEquals": {f"{ISSUER}:{name}": CLAIMS[name] for name in ("aud", "sub")}}
        trust = json.loads(
            for_principal({"Federated": provider}, Action="sts:AssumeRoleWithWebIdentity", Condition=trusted)
        )
        del trust["Statement"][0]["Resource"]
        role = {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": "Job",
                "AssumeRolePolicyDocument": trust,
                "MaxSessionDuration": 7200,
                "Policies": [{"PolicyName": "own", "PolicyDocument": json.loads(policy(RIGHTS))}],
            },
        }
        cloud.client("cloudformation").create_stack(
            StackName="role", TemplateBody=json.dumps({"Resources": {"Role": role}}), Capabilities=["CAPABILITY_IAM"]
        )
        yield cloud


def sign_in(cloud: LocalCloud, claims: dict[str, str] | None = None, *, seconds: int = 3600) -> boto3.Session:
    parts = (json.dumps(part).encode() for part in ({"alg": "none"}, {**CLAIMS, **(claims or {})}))
    token = ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + ".signature"
    given = cloud.client("sts").assume_role_with_web_identity(
        RoleArn=f"arn:aws:iam::{cloud.account}:role/Job",
        RoleSessionName="one",
        WebIdentityToken=token,
        DurationSeconds=seconds,
    )["Credentials"]
    return boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], cloud.region)


def client_of(cloud: LocalCloud, service: str) -> Any:
    session: Any = sign_in(cloud)
    return session.client(service, endpoint_url=cloud.endpoint_url)


def test_the_key_is_the_role_s(strict: LocalCloud) -> None:
    arn = client_of(strict, "sts").get_caller_identity()["Arn"]
    assert arn == f"arn:aws:sts::{strict.account}:assumed-role/Job/one"
    assert client_of(strict, "s3").list_buckets()["Buckets"] == []


@pytest.mark.parametrize(("service", "call"), REFUSED)
def test_the_key_may_do_nothing_else(strict: LocalCloud, service: str, call: str) -> None:
    with pytest.raises(ClientError, match="role/Job is not authorized to perform") as refused:
        getattr(client_of(strict, service), call)()
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_a_call_with_unknown_permissions_is_an_error(strict: LocalCloud) -> None:
    with pytest.raises(ClientError, match="ec2:DescribeSubnets: the local cloud does not know which permissions"):
        client_of(strict, "ec2").describe_subnets()


@pytest.mark.parametrize(
    ("claims", "error"),
    [
        ({"sub": "job:two"}, "AccessDenied"),
        ({"aud": "other"}, "AccessDenied"),
        ({"iss": "https://other.example.com"}, "InvalidIdentityToken"),
    ],
)
def test_another_token_gets_no_key(strict: LocalCloud, claims: dict[str, str], error: str) -> None:
    with pytest.raises(ClientError, match=error):
        sign_in(strict, claims)


def test_a_session_lasts_no_longer_than_the_role_allows(strict: LocalCloud) -> None:
    sign_in(strict, seconds=7200)
    with pytest.raises(ClientError, match="MaxSessionDuration"):
        sign_in(strict, seconds=7201)


def test_the_policy_within_a_role_is_json(strict: LocalCloud) -> None:
    found = strict.client("iam").get_role_policy(RoleName="Job", PolicyName="own")["PolicyDocument"]
    assert found == json.loads(policy(RIGHTS))
