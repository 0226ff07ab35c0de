"""The roles of the GitHub workflows: each may make every call of its workflow, and has no right that no call needs.

The local cloud checks each call against the role's policy. It gives the role's key to the holder of GitHub's token.
"""

import base64
import json
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from cli.acceptance.environment_file import write_environment
from cli.acceptance.place import Place
from cli.acceptance.run_acceptance import run_acceptance
from cli.acceptance.steps.deployment import APPROVED
from cli.acceptance.trial import Trial
from cli.rehearsal.application import local_cloud_of
from infra.settings.loader import ENVIRONMENTS, load_settings
from local_cloud import LocalCloud
from tests.synthesis import ROOT
from tests.trials import new_trial

pytestmark = pytest.mark.nightly

ISSUER, AUDIENCE = "https://token.actions.githubusercontent.com", "sts.amazonaws.com"
REPOSITORY = "owner/name"
# The environment that both workflows begin with.
SOURCE = "staging"
# Rights without a call in the local cloud, each with the call on AWS.
BOTH_ONLY_ON_AWS = {
    "ecr:BatchDeleteImage": "`onejob deploy` removes an image in a format that SageMaker refuses.",
}
ACCEPTANCE_ONLY_ON_AWS = {
    **BOTH_ONLY_ON_AWS,
    "cloudwatch:DescribeAlarmHistory": "The step alarms needs alarms that change their state.",
    "glue:BatchGetPartition": "Athena reads partitions by this call or by GetPartitions, as it likes.",
    "glue:GetDatabase": "Athena checks the database before the table.",
    "glue:GetPartition": "Athena reads a single partition.",
}


@dataclass(frozen=True)
class Role:
    """A role that a template has created."""

    cloud: LocalCloud
    arn: str

    @property
    def name(self) -> str:
        return self.arn.rpartition("/")[2]

    @property
    def rights(self) -> set[tuple[str, str]]:
        """Statement and action of each right."""
        iam = self.cloud.client("iam")
        (policy,) = iam.list_role_policies(RoleName=self.name)["PolicyNames"]
        # boto3 parses the document, but its stubs also allow text.
        document: Any = iam.get_role_policy(RoleName=self.name, PolicyName=policy)["PolicyDocument"]
        return {(each["Sid"], action) for each in document["Statement"] for action in listed(each["Action"])}

    @property
    def decisions(self) -> list[dict[str, Any]]:
        """What the local cloud decided about the role's calls."""
        found = map(json.loads, self.cloud.permissions_file.read_text().splitlines())
        return [decision for decision in found if decision["role"] == self.name]

    @property
    def refused(self) -> set[tuple[str, str]]:
        return {(each["action"], each["resource"]) for each in self.decisions if not each["by"]}

    @property
    def unused(self) -> set[str]:
        used = {(statement["Sid"], each["action"]) for each in self.decisions for statement in each["by"]}
        return {action for _, action in self.rights - used}

    def sign_in(self, environment: str, *, seconds: int) -> Place:
        """Exchange GitHub's token for the role's key, and return the cloud as the role sees it."""
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": f"repo:{REPOSITORY}:environment:{environment}"}
        token = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in ({}, claims, {}))
        answer = self.cloud.client("sts").assume_role_with_web_identity(
            RoleArn=self.arn, RoleSessionName="github", WebIdentityToken=token, DurationSeconds=seconds
        )
        given = answer["Credentials"]
        keys = (given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
        client: Any = partial(boto3.Session(*keys, self.cloud.region).client, endpoint_url=self.cloud.endpoint_url)
        names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
        place = Place.in_local_cloud(self.cloud)
        return replace(place, client=client, variables={**place.variables, **dict(zip(names, keys, strict=True))})


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def create_role(cloud: LocalCloud, template: str, **parameters: str) -> Role:
    cloud.client("iam").create_open_id_connect_provider(Url=ISSUER, ClientIDList=[AUDIENCE])
    cloudformation, stack = cloud.client("cloudformation"), "onejob-github"
    given = {"Repository": REPOSITORY, **parameters}
    cloudformation.create_stack(
        StackName=stack,
        TemplateBody=(ROOT / ".github" / template).read_text(),
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    (created,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in created["Outputs"]}
    return Role(cloud, outputs["RoleArn"])


def unchecked(trial: Trial) -> list[str]:
    """Return the name of each check that preflight could not make."""
    lines = trial.log.read_text().splitlines()
    return [line.removeprefix("? ").split(":")[0] for line in lines if line.startswith("? ")]


def test_the_acceptance_role_suffices_for_an_acceptance(tmp_path: Path) -> None:
    with local_cloud_of(load_settings(SOURCE, ENVIRONMENTS)) as cloud:
        role = create_role(cloud, "acceptance-role.yml")
        with pytest.raises(ClientError, match="AccessDenied"):
            role.sign_in(SOURCE, seconds=3600)
        settings = write_environment(SOURCE, account=cloud.account, partitions=False, budget=True)
        trial = new_trial(cloud, settings, tmp_path, environment=SOURCE)
        trial.place = role.sign_in("acceptance", seconds=7200)
        passed = run_acceptance(trial, keep=False)
        assert role.refused == set()
        assert passed, json.dumps({name: outcome.seen for name, outcome in trial.record.outcomes.items()}, indent=1)
        # The local cloud has neither a simulation of permissions nor prices.
        assert unchecked(trial) == ["permissions", "instance types", "deployment"]
        assert role.unused == ACCEPTANCE_ONLY_ON_AWS.keys()


def test_the_deployment_role_suffices_for_a_deployment(tmp_path: Path) -> None:
    with local_cloud_of(load_settings(SOURCE, ENVIRONMENTS)) as cloud:
        role = create_role(cloud, "deployment-role.yml", Environment=SOURCE)
        with pytest.raises(ClientError, match="AccessDenied"):
            role.sign_in("acceptance", seconds=3600)
        trial = new_trial(cloud, load_settings(SOURCE, ENVIRONMENTS), tmp_path, environment=SOURCE)
        trial.place = role.sign_in(SOURCE, seconds=3600)
        trial.onejob("preflight")
        trial.onejob("diff")
        trial.onejob("deploy", cdk=APPROVED)
        bucket, _, prefix = trial.outputs["DemandUri"].removeprefix("s3://").partition("/")
        cloud.client("s3").put_object(Bucket=bucket, Key=f"{prefix}demand.parquet", Body=b"demand")
        trial.onejob("preflight")  # of an environment that is deployed
        assert {action for action, _ in role.refused} == {"dynamodb:Query", "iam:GetRole"}
        assert unchecked(trial) == ["permissions", "instance types", "deployment", "time"]
        assert role.unused == BOTH_ONLY_ON_AWS.keys()
