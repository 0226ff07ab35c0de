"""Preflight simulates the caller's permissions. Moto has no simulation, so the responses have the form of AWS's API."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pytest
from boto3 import Session
from botocore.stub import Stubber

from cli.aws.account import Caller
from cli.aws.cloud_assembly import CloudAssembly, ImageAsset
from cli.preflight.permissions import check_permissions
from lambdas.preflight.check_results import run_check

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

ACCOUNT = "123456789012"
USER = f"arn:aws:iam::{ACCOUNT}:user/team/ada"
DEPLOY, FILES, EXECUTION = (f"arn:aws:iam::{ACCOUNT}:role/cdk-{name}" for name in ("deploy", "files", "execution"))
STACKS = f"arn:aws:cloudformation:eu-central-1:{ACCOUNT}:stack/onejob-dev-*/*"
BUCKET, REPOSITORY = "arn:aws:s3:::assets/*", f"arn:aws:ecr:eu-central-1:{ACCOUNT}:repository/images"
OWN = {
    STACKS: ["cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet", "cloudformation:DescribeStacks"],
    BUCKET: ["s3:PutObject"],
    REPOSITORY: ["ecr:UploadLayerPart", "ecr:PutImage"],
    EXECUTION: ["iam:PassRole"],
}
ASSEMBLY = CloudAssembly(
    bootstrap_parameter="/cdk-bootstrap/hnb659fds/version",
    bootstrap_version=8,
    roles=(DEPLOY, FILES),
    execution_role=EXECUTION,
    images=(ImageAsset(asset="0", repository="images", tag="0"),),
    buckets=("assets",),
    functions=12,
)


@pytest.fixture
def iam(account: Session) -> "IAMClient":
    return account.client("iam")


def simulate(
    answers: Stubber,
    resource: str,
    actions: Sequence[str],
    *,
    denied: Sequence[str],
    source: str,
    more: Mapping[str, Any] | None = None,
) -> None:
    """Expect one simulation in the deployment's region, and answer it; `more` are further members of each denial."""
    results = [
        {"EvalActionName": action, "EvalDecision": "implicitDeny", **(more or {})}
        if action in denied
        else {"EvalActionName": action, "EvalDecision": "allowed"}
        for action in actions
    ]
    expected = {
        "PolicySourceArn": source,
        "ActionNames": list(actions),
        "ResourceArns": [resource],
        "ContextEntries": [
            {
                "ContextKeyName": "aws:RequestedRegion",
                "ContextKeyType": "string",
                "ContextKeyValues": ["eu-central-1"],
            }
        ],
    }
    answers.add_response("simulate_principal_policy", {"EvaluationResults": results, "IsTruncated": False}, expected)


def check(iam: "IAMClient", arn: str) -> tuple[str, str]:
    caller = Caller(account=ACCOUNT, arn=arn)
    (found,) = run_check("permissions", lambda: check_permissions(iam, ASSEMBLY, caller=caller, stacks=STACKS))
    return found.verdict, found.line


def test_a_caller_who_may_assume_the_roles(iam: "IAMClient") -> None:
    with Stubber(iam) as answers:
        for role in (DEPLOY, FILES):
            simulate(answers, role, ["sts:AssumeRole"], denied=[], source=USER)
        assert check(iam, USER) == ("ok", "permissions: the caller may assume the roles of the CDK's bootstrap")
        answers.assert_no_pending_responses()


def test_a_session_is_simulated_as_its_role_with_its_path(iam: "IAMClient") -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso/Engineer"
    described = {"Path": "/", "RoleName": "Engineer", "RoleId": "A" * 16, "Arn": role, "CreateDate": "2026-01-01"}
    with Stubber(iam) as answers:
        answers.add_response("get_role", {"Role": described}, {"RoleName": "Engineer"})
        for each in (DEPLOY, FILES):
            simulate(answers, each, ["sts:AssumeRole"], denied=[], source=role)
        assert check(iam, f"arn:aws:sts::{ACCOUNT}:assumed-role/Engineer/ada")[0] == "ok"


@pytest.mark.parametrize(
    ("denied", "verdict", "text"),
    [
        ([], "warning", "so the CDK deploys with the caller's own permissions"),
        (["iam:PassRole"], "failed", f"the caller lacks iam:PassRole on {EXECUTION}; let {USER} assume {FILES}"),
        (["s3:PutObject", "ecr:PutImage"], "failed", f"s3:PutObject on {BUCKET}; ecr:PutImage on {REPOSITORY}; let"),
    ],
)
def test_a_caller_who_may_not_assume_a_role(iam: "IAMClient", denied: list[str], verdict: str, text: str) -> None:
    """The CDK then uses the caller's own permissions."""
    with Stubber(iam) as answers:
        simulate(answers, DEPLOY, ["sts:AssumeRole"], denied=[], source=USER)
        simulate(answers, FILES, ["sts:AssumeRole"], denied=["sts:AssumeRole"], source=USER)
        for resource, actions in OWN.items():
            simulate(answers, resource, actions, denied=denied, source=USER)
        found, line = check(iam, USER)
    assert found == verdict
    assert text in line
    assert f"assume {FILES}" in line


MFA = "aws:MultiFactorAuthPresent"


def on(resource: str) -> dict[str, Any]:
    """Return the members of a denial that lacks a context key of one resource."""
    lacking = {"EvalResourceName": resource, "EvalResourceDecision": "implicitDeny", "MissingContextValues": [MFA]}
    return {"ResourceSpecificResults": [lacking]}


@pytest.mark.parametrize("more", [{"MissingContextValues": [MFA]}, on(FILES)], ids=["action", "resource"])
def test_a_denial_without_the_context_is_no_verdict(iam: "IAMClient", more: dict[str, Any]) -> None:
    """The real call may have the value that the condition needs."""
    with Stubber(iam) as answers:
        simulate(answers, DEPLOY, ["sts:AssumeRole"], denied=[], source=USER)
        simulate(answers, FILES, ["sts:AssumeRole"], denied=["sts:AssumeRole"], source=USER, more=more)
        verdict, line = check(iam, USER)
        answers.assert_no_pending_responses()
    assert verdict == "unknown"
    assert f"policies of {USER} depend on {MFA}, which the simulation does not know" in line


@pytest.mark.parametrize(
    ("denied", "verdict"), [({EXECUTION: {}}, "failed"), ({}, "unknown")], ids=["another is denied", "no other"]
)
def test_own_permissions_without_the_context(iam: "IAMClient", denied: dict[str, dict[str, Any]], verdict: str) -> None:
    """A missing key excuses only the action that needs it."""
    denials = {BUCKET: on(BUCKET), **denied}
    with Stubber(iam) as answers:
        simulate(answers, DEPLOY, ["sts:AssumeRole"], denied=["sts:AssumeRole"], source=USER)
        simulate(answers, FILES, ["sts:AssumeRole"], denied=[], source=USER)
        for resource, actions in OWN.items():
            unless = actions if resource in denials else []
            simulate(answers, resource, actions, denied=unless, source=USER, more=denials.get(resource))
        found, line = check(iam, USER)
        answers.assert_no_pending_responses()
    assert found == verdict
    assert BUCKET not in line


def test_a_caller_who_may_not_simulate_gets_no_verdict(iam: "IAMClient") -> None:
    with Stubber(iam) as answers:
        answers.add_client_error("simulate_principal_policy", "AccessDenied", "not authorized to perform")
        assert check(iam, USER)[0] == "unknown"


def test_root_needs_no_simulation_and_a_federated_user_has_none(iam: "IAMClient") -> None:
    with Stubber(iam):
        assert check(iam, f"arn:aws:iam::{ACCOUNT}:root")[0] == "ok"
        assert check(iam, f"arn:aws:sts::{ACCOUNT}:federated-user/ada")[0] == "unknown"
