"""Calls on encrypted resources and on resources with a policy, checked with moto's resources in this process."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from local_cloud.iam.authorizer import Authorizer
from local_cloud.middleware.api_calls import ApiCall
from local_cloud.middleware.required_permissions import needed_for
from local_cloud.tests.iam.policies import for_principal, policy

ACCOUNT, REGION = "123456789012", "eu-central-1"
ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
SSE = "x-amz-server-side-encryption"
UPLOAD = ("kms:GenerateDataKey",)
PUBLISH = ("kms:Decrypt", "kms:GenerateDataKey")


class Account:
    """An account with a role, a key and encrypted resources."""

    def __init__(self, folder: Path) -> None:
        self.authorizer = Authorizer(ACCOUNT, folder / "permissions.jsonl")
        self.role = boto3.client("iam").create_role(RoleName="Reader", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        self.key = self.new_key()
        self.s3 = boto3.client("s3", region_name=REGION)
        self.s3.create_bucket(Bucket="data", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": self.key}
        rule: Any = {"ApplyServerSideEncryptionByDefault": default}
        self.s3.put_bucket_encryption(Bucket="data", ServerSideEncryptionConfiguration={"Rules": [rule]})
        self.s3.put_object(Bucket="data", Key="a", Body=b"")

    def new_key(self) -> str:
        return str(boto3.client("kms", region_name=REGION).create_key()["KeyMetadata"]["Arn"])

    def set_key_policy(self, document: str) -> None:
        boto3.client("kms", region_name=REGION).put_key_policy(KeyId=self.key, PolicyName="default", Policy=document)

    def allow(self, *actions: str, role: str = "Reader") -> None:
        document = policy({"Action": actions})
        boto3.client("iam").put_role_policy(RoleName=role, PolicyName="own", PolicyDocument=document)

    def missing(self, service: str, action: str, subject: str = "", **call: Any) -> str | None:
        """Return the action and the resource that the role lacks."""
        made = ApiCall(access_key="", region=REGION, service=service, action=action, subject=subject, **call)
        lacking = self.authorizer.first_missing(self.authorizer.role(self.role), needed_for(made, ACCOUNT))
        return f"{lacking.action} {lacking.resource}" if lacking else None


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        yield Account(tmp_path)


@pytest.mark.parametrize(
    ("action", "call", "needed"),
    [
        ("GetObject", {}, ["kms:Decrypt"]),
        ("PutObject", {}, UPLOAD),
        ("PutObject", {"parameters": {"uploadId": "1"}}, ["kms:Decrypt", *UPLOAD]),
        ("PutObject", {"headers": {SSE: "AES256"}}, []),
        ("PutObject", {"headers": {"x-amz-copy-source": "data/a"}}, ["s3:GetObject", "kms:Decrypt", *UPLOAD]),
        ("DeleteObject", {}, []),
    ],
)
def test_an_object_needs_the_key_that_encrypts_it(
    account: Account, action: str, call: dict[str, Any], needed: list[str]
) -> None:
    granted = {f"s3:{action}", *needed}
    account.allow(*granted)
    assert account.missing("s3", action, "data/a", **call) is None
    for each in needed:
        account.allow(*(granted - {each}))
        lacking = account.missing("s3", action, "data/a", **call)
        assert lacking is not None
        assert lacking.startswith(each)


def test_the_key_of_the_request_counts_before_the_default_of_the_bucket(account: Account) -> None:
    other = account.new_key()
    account.allow("s3:PutObject")
    headers = {SSE: "aws:kms", f"{SSE}-aws-kms-key-id": other.rpartition("/")[2]}
    assert account.missing("s3", "PutObject", "data/a", headers=headers) == f"kms:GenerateDataKey {other}"


def test_the_policy_of_a_bucket_refuses_another_key(account: Account) -> None:
    """The condition tests the header of the request. Without the header, the default key applies."""
    account.allow("s3:*", "kms:*")
    condition = {"StringNotEquals": {f"s3:{SSE}-aws-kms-key-id": account.key}, "Null": {f"s3:{SSE}": "false"}}
    document = for_principal("*", Effect="Deny", Action="s3:PutObject", Condition=condition)
    account.s3.put_bucket_policy(Bucket="data", Policy=document)
    assert account.missing("s3", "PutObject", "data/a") is None
    right = {SSE: "aws:kms", f"{SSE}-aws-kms-key-id": account.key}
    assert account.missing("s3", "PutObject", "data/a", headers=right) is None
    assert account.missing("s3", "PutObject", "data/a", headers={SSE: "AES256"}) == "s3:PutObject arn:aws:s3:::data/a"


def test_the_policy_of_the_key_must_let_the_account_or_the_role_in(account: Account) -> None:
    account.allow("s3:GetObject", "kms:Decrypt")
    account.set_key_policy(for_principal({"AWS": f"{account.role}-other"}))
    assert account.missing("s3", "GetObject", "data/a") == f"kms:Decrypt {account.key}"
    through_s3 = {"StringEquals": {"kms:ViaService": f"s3.{REGION}.amazonaws.com", "kms:CallerAccount": ACCOUNT}}
    of_object = {"StringEquals": {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::data/a"}}
    for condition in (through_s3, of_object):
        account.set_key_policy(for_principal(ROOT, Condition=condition))
        assert account.missing("s3", "GetObject", "data/a") is None
    call: dict[str, Any] = {"parameters": {"KeyId": account.key}}
    assert account.missing("kms", "Decrypt", **call) == f"kms:Decrypt {account.key}"


def test_a_topic_needs_its_key(account: Account) -> None:
    topics = boto3.client("sns", region_name=REGION)
    topic = topics.create_topic(Name="outcomes", Attributes={"KmsMasterKeyId": account.key})["TopicArn"]
    call: dict[str, Any] = {"parameters": {"TopicArn": topic}}
    account.allow(*PUBLISH)
    assert account.missing("sns", "Publish", **call) == f"sns:Publish {topic}"
    topics.set_topic_attributes(
        TopicArn=topic, AttributeName="Policy", AttributeValue=for_principal({"AWS": account.role})
    )
    assert account.missing("sns", "Publish", **call) is None
    account.allow("kms:Decrypt")
    assert account.missing("sns", "Publish", **call) == f"kms:GenerateDataKey {account.key}"


def test_a_queue_needs_its_key(account: Account) -> None:
    queues = boto3.client("sqs", region_name=REGION)
    url = queues.create_queue(QueueName="late", Attributes={"KmsMasterKeyId": account.key})["QueueUrl"]
    call: dict[str, Any] = {"parameters": {"QueueUrl": url}}
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:late"
    assert account.missing("sqs", "SendMessageBatch", **call) == f"sqs:SendMessage {arn}"
    queues.set_queue_attributes(QueueUrl=url, Attributes={"Policy": for_principal({"AWS": account.role})})
    assert account.missing("sqs", "SendMessage", **call) == f"kms:Decrypt {account.key}"
    account.allow("kms:Decrypt")
    assert account.missing("sqs", "SendMessage", **call) == f"kms:GenerateDataKey {account.key}"
    assert account.missing("sqs", "ReceiveMessage", **call) is None


@pytest.mark.parametrize(
    ("action", "name", "settings"),
    [
        ("CreateTrainingJob", "TrainingJobName", ("ResourceConfig",)),
        ("CreateProcessingJob", "ProcessingJobName", ("ProcessingResources", "ClusterConfig")),
    ],
)
def test_an_encrypted_volume_needs_a_grant(account: Account, action: str, name: str, settings: tuple[str, ...]) -> None:
    job = boto3.client("iam").create_role(RoleName="Job", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    account.allow("sagemaker:*", "events:*", "iam:PassRole")
    resources: dict[str, Any] = {"VolumeKmsKeyId": account.key}
    for member in reversed(settings):
        resources = {member: resources}
    call: dict[str, Any] = {"parameters": {name: "x", "RoleArn": job, **resources}}
    assert account.missing("sagemaker", action, **call) == f"kms:CreateGrant {account.key}"
    limited = policy({"Action": "kms:CreateGrant", "Condition": {"Bool": {"kms:GrantIsForAWSResource": True}}})
    boto3.client("iam").put_role_policy(RoleName="Job", PolicyName="own", PolicyDocument=limited)
    assert account.missing("sagemaker", action, **call) is None
    boto3.client("iam").delete_role_policy(RoleName="Job", PolicyName="own")
    account.allow("sagemaker:*", "events:*", "iam:PassRole", "kms:CreateGrant")
    assert account.missing("sagemaker", action, **call) is None


HERE = f"{REGION}:{ACCOUNT}"
SCHEDULE = {"Name": "weekly", "Target": {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/x"}}


@pytest.mark.parametrize(
    ("service", "action", "parameters", "needed"),
    [
        ("budgets", "DescribeBudgets", {}, [f"budgets:ViewBudget arn:aws:budgets::{ACCOUNT}:budget/*"]),
        ("iam", "GetRole", {"RoleName": "x"}, [f"iam:GetRole arn:aws:iam::{ACCOUNT}:role/x"]),
        ("lambda", "ListFunctions", {}, ["lambda:ListFunctions *"]),
        ("monitoring", "DescribeAlarms", {}, [f"cloudwatch:DescribeAlarms arn:aws:cloudwatch:{HERE}:alarm:*"]),
        ("ssm", "GetParameter", {"Name": "/a/b"}, [f"ssm:GetParameter arn:aws:ssm:{HERE}:parameter/a/b"]),
        ("sts", "AssumeRole", {"RoleArn": "arn"}, ["sts:AssumeRole arn"]),
        ("sts", "GetCallerIdentity", {}, []),
        (
            "cloudformation",
            "DescribeStacks",
            {"StackName": "x"},
            [f"cloudformation:DescribeStacks arn:aws:cloudformation:{HERE}:stack/x/*"],
        ),
        (
            "cloudformation",
            "DescribeStacks",
            {},
            [
                f"cloudformation:DescribeStacks arn:aws:cloudformation:{HERE}:stack/*/*",
                f"cloudformation:ListStacks arn:aws:cloudformation:{HERE}:stack/*/*",
            ],
        ),
        (
            "scheduler",
            "UpdateSchedule",
            SCHEDULE,
            [
                f"scheduler:UpdateSchedule arn:aws:scheduler:{HERE}:schedule/default/weekly",
                f"iam:PassRole arn:aws:iam::{ACCOUNT}:role/x",
            ],
        ),
        (
            "glue",
            "GetDatabases",
            {},
            [f"glue:GetDatabases arn:aws:glue:{HERE}:catalog", f"glue:GetDatabases arn:aws:glue:{HERE}:database/*"],
        ),
        (
            "s3",
            "DeleteObjects",
            {"Objects": [{"Key": "a", "VersionId": "1"}, {"Key": "b"}]},
            ["s3:DeleteObjectVersion arn:aws:s3:::data/a", "s3:DeleteObject arn:aws:s3:::data/b"],
        ),
        ("s3", "ListAllMyBuckets", {}, ["s3:ListAllMyBuckets *"]),
        ("s3", "ListBucketVersions", {"prefix": "a"}, ["s3:ListBucketVersions arn:aws:s3:::data"]),
    ],
)
def test_the_permissions_of_a_call(service: str, action: str, parameters: dict[str, Any], needed: list[str]) -> None:
    subject = "" if action == "ListAllMyBuckets" else "data"
    call = ApiCall(access_key="", region=REGION, service=service, action=action, subject=subject, parameters=parameters)
    assert [f"{each.action} {each.resource}" for each in needed_for(call, ACCOUNT)] == needed


def test_a_passed_role_and_the_endpoint_of_a_subscription_are_values_for_conditions() -> None:
    update = ApiCall(access_key="", region=REGION, service="scheduler", action="UpdateSchedule", parameters=SCHEDULE)
    assert needed_for(update, ACCOUNT)[-1].context == {"iam:PassedToService": "scheduler.amazonaws.com"}
    given = {"TopicArn": f"arn:aws:sns:{HERE}:x", "Protocol": "sqs", "Endpoint": "queue"}
    subscribe = ApiCall(access_key="", region=REGION, service="sns", action="Subscribe", parameters=given)
    assert needed_for(subscribe, ACCOUNT)[0].context == {"sns:Protocol": "sqs", "sns:Endpoint": "queue"}


@pytest.mark.parametrize(("service", "action"), [("ec2", "DescribeSubnets"), ("route53", "ListHostedZones")])
def test_a_call_with_unknown_permissions_is_an_error(service: str, action: str) -> None:
    with pytest.raises(NotImplementedError, match="does not know which permissions"):
        needed_for(ApiCall(access_key="", region=REGION, service=service, action=action), ACCOUNT)


def test_decisions_about_roles_are_recorded(account: Account) -> None:
    account.allow("s3:GetObject")
    account.missing("s3", "GetObject", "data/a")
    read, decrypt = map(json.loads, account.authorizer.record_file.read_text().splitlines())
    assert (read["role"], read["action"], len(read["by"])) == ("Reader", "s3:GetObject", 1)
    assert (decrypt["action"], decrypt["by"]) == ("kms:Decrypt", [])
