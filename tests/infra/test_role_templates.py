"""The roles of the GitHub workflows name what they may do. `tests/end_to_end/test_github_roles.py` uses every right."""

import copy
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import boto3
import pytest
from moto import mock_aws
from moto.iam.models import iam_backends

from linters.policies import find_in
from tests.synthesis import ROOT

# The templates with the environment of each role.
ENVIRONMENTS = {"acceptance-role.yml": "acceptance", "deployment-role.yml": "prod"}
READS = ("BatchGet", "Describe", "Get", "List", "View")
# Beginnings of the names of the CDK's bootstrap, which the roles also use.
BOOTSTRAP = "cdk-hnb659fds-"
ACCOUNT = "123456789012"
# What parliament finds without a fault, with the reason. The other findings about `*` name an action that lists.
ACCEPTED = {
    "'states:ListExecutions'": "The resource may be a state machine; parliament wants a Map run, too.",
    "'states:DescribeExecution'": "The execution may be a standard one; parliament wants an express one, too.",
}
LISTS = {"budgets:ViewBudget", "cloudwatch:DescribeAlarms", "ecr:DescribeRepositories", "glue:GetDatabases"}
# IAM's limit for the policies within a role, without white space.
MAX_SIZE = 10_240


@dataclass(frozen=True)
class Role:
    """A role as its template creates it."""

    environment: str
    described: Mapping[str, Any]
    policy: Mapping[str, Any]

    @property
    def name(self) -> str:
        return str(self.described["RoleName"])


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def create(template: str, environment: str) -> Role:
    parameters = {"Repository": "owner/name", **({"Environment": environment} if "deployment" in template else {})}
    boto3.client("cloudformation", region_name="eu-central-1").create_stack(
        StackName=template.split(".")[0],
        TemplateBody=(ROOT / ".github" / template).read_text(),
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    iam = boto3.client("iam")
    (described,) = [each for each in iam.list_roles()["Roles"] if environment in each["RoleName"]]
    # Moto returns Python's text of a policy within a role, not JSON, so the test reads what it keeps.
    (policy,) = iam_backends[ACCOUNT]["aws"].get_role(described["RoleName"]).policies.values()
    return Role(environment, described, cast("Any", policy))


@pytest.fixture(scope="module")
def roles() -> Iterator[dict[str, Role]]:
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        yield {template: create(template, environment) for template, environment in ENVIRONMENTS.items()}


@pytest.fixture(params=ENVIRONMENTS)
def role(roles: dict[str, Role], request: pytest.FixtureRequest) -> Role:
    return roles[request.param]


def problems(role: Role, policy: Mapping[str, Any]) -> Iterator[str]:
    """Yield each action with a wildcard, each write that does not name its environment, and what parliament finds."""
    # The first 25 characters of a stack's name remain in a bucket's, so the template leaves out a letter.
    own = re.compile(rf"\bonejob[-_]{role.environment[:-1]}|\b{BOOTSTRAP}|\b{role.name}$")
    for statement in policy["Statement"]:
        actions = listed(statement["Action"])
        yield from (f"{action}: wildcard" for action in actions if "*" in action)
        writes = [action for action in actions if not action.partition(":")[2].startswith(READS)]
        named = own.search(json.dumps(statement.get("Condition", {})))
        unnamed = [resource for resource in listed(statement["Resource"]) if not own.search(resource)]
        if unnamed and not named:
            yield from (f"{action}: {unnamed[0]}" for action in writes)
    for finding in find_in([(role.name, policy)]):
        star = finding.rule == "parliament-RESOURCE_STAR" and {*re.findall(r"\w+:\w+", finding.message)} <= LISTS
        if not star and not any(part in finding.message for part in ACCEPTED):
            yield f"{finding.rule}: {finding.message}"


def test_every_right_is_limited(role: Role) -> None:
    assert list(problems(role, role.policy)) == []


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        ({"Action": "s3:*"}, "s3:*: wildcard"),
        ({"Action": "s3:PutObject", "Resource": "arn:aws:s3:::other/*"}, "s3:PutObject: arn:aws:s3:::other/*"),
        ({"Action": "sns:Subscribe", "Resource": "*"}, "sns:Subscribe: *"),
        ({"Action": "sqs:ListQueues", "Resource": "arn:aws:sqs:eu-central-1:123456789012:x"}, "RESOURCE_MISMATCH"),
        ({"Action": "s3:Unknown", "Resource": "*"}, "UNKNOWN_ACTION"),
        ({"Action": "s3:GetObject", "Resource": "*"}, "RESOURCE_STAR"),
    ],
)
def test_a_right_without_a_limit_is_found(role: Role, fault: dict[str, str], found: str) -> None:
    faulty: Any = copy.deepcopy(dict(role.policy))
    faulty["Statement"].append({"Effect": "Allow", "Resource": "*", **fault})
    assert any(found in problem for problem in problems(role, faulty))


def test_the_key_is_limited_to_the_environment(roles: dict[str, Role]) -> None:
    role = roles["acceptance-role.yml"]
    faulty: Any = copy.deepcopy(dict(role.policy))
    (statement,) = [each for each in faulty["Statement"] if each["Sid"] == "UseKeyOfObjects"]
    del statement["Condition"]["StringLike"]
    assert "kms:Decrypt: arn:aws:kms:eu-central-1:" + ACCOUNT + ":key/*" in problems(role, faulty)


def test_iam_accepts_the_size_of_the_policy(role: Role) -> None:
    assert len(re.sub(r"\s", "", json.dumps(role.policy))) <= MAX_SIZE


def test_only_the_github_environment_may_assume_the_role(role: Role) -> None:
    (statement,) = role.described["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"]["Federated"].endswith(":oidc-provider/token.actions.githubusercontent.com")
    assert statement["Condition"] == {
        "StringEquals": {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": f"repo:owner/name:environment:{role.environment}",
        }
    }


def test_a_session_of_the_acceptance_lasts_as_long_as_its_workflow_asks(roles: dict[str, Role]) -> None:
    workflow = (ROOT / ".github" / "workflows" / "accept-environment.yml").read_text()
    (seconds,) = re.findall(r"role-duration-seconds: (\d+)", workflow)
    assert roles["acceptance-role.yml"].described["MaxSessionDuration"] == int(seconds)


def test_the_acceptance_does_not_take_its_own_role_for_a_leftover(roles: dict[str, Role]) -> None:
    assert not roles["acceptance-role.yml"].name.startswith("onejob-acceptance")


def test_statements_in_both_templates_agree(roles: dict[str, Role]) -> None:
    first, second = (
        {
            each["Sid"]: json.dumps(each).replace(f"onejob-{role.environment}", "<name>")
            for each in role.policy["Statement"]
        }
        for role in roles.values()
    )
    common = {sid: first[sid] for sid in first.keys() & second.keys()}
    assert common == {sid: second[sid] for sid in common}
    assert len(common) >= 5
