"""A first deployment fails, its cause is removed, and the next `onejob deploy` succeeds: with the real CDK CLI."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from infra.settings.loader import load_settings
from local_cloud import LocalCloud
from tests.synthesis import ROOT


@pytest.fixture
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """Open a bootstrapped account of the production environment."""
    account = load_settings("prod", ROOT / "environments").deployment.account
    assert account is not None
    with LocalCloud(tmp_path_factory.mktemp("cloud"), account=account) as started:
        cdk = ROOT / "node_modules/.bin/cdk"
        started.cdk("bootstrap", f"aws://{account}/{started.region}", cwd=ROOT, cdk_program=cdk, capture=True)
        yield started


def deploy(cloud: LocalCloud) -> "subprocess.CompletedProcess[str]":
    options = [*cloud.cdk_options["deploy"], "--require-approval", "never"]
    return subprocess.run(
        [sys.executable, "-m", "cli.main", "deploy", "--environment", "prod", "--", *options],
        cwd=ROOT,
        env=cloud.child_environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def statuses(cloud: LocalCloud) -> dict[str, tuple[str, bool]]:
    """Return the status of each stack of the environment, and whether it is protected from deletion."""
    return {
        stack["StackName"]: (stack["StackStatus"], stack["EnableTerminationProtection"])
        for stack in cloud.client("cloudformation").describe_stacks()["Stacks"]
        if stack["StackName"].startswith("onejob-prod")
    }


def test_a_failed_first_deployment_can_be_repeated(cloud: LocalCloud) -> None:
    """The forecast stack creates a log group with a fixed name before its schedules."""
    scheduler, cloudformation = cloud.client("scheduler"), cloud.client("cloudformation")
    trust = {"Effect": "Allow", "Principal": {"Service": "scheduler.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = cloud.client("iam").create_role(
        RoleName="scheduler", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": trust})
    )
    scheduler.create_schedule(
        Name="onejob-prod-weekly",
        ScheduleExpression="rate(7 days)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": f"arn:aws:sqs:{cloud.region}:{cloud.account}:queue", "RoleArn": role["Role"]["Arn"]},
    )
    failed = deploy(cloud)
    assert failed.returncode == 1
    assert "Schedule onejob-prod-weekly already exists." in failed.stderr, failed.stderr
    (stack,) = cloudformation.describe_stacks(StackName="onejob-prod-forecast")["Stacks"]
    assert (stack["StackStatus"], stack["EnableTerminationProtection"]) == ("ROLLBACK_COMPLETE", False)

    scheduler.delete_schedule(Name="onejob-prod-weekly")
    done = deploy(cloud)
    assert done.returncode == 0, done.stdout + done.stderr
    assert statuses(cloud) == {
        "onejob-prod-data": ("UPDATE_COMPLETE", True),
        "onejob-prod-forecast": ("CREATE_COMPLETE", True),
        "onejob-prod-budget": ("CREATE_COMPLETE", False),
    }


def test_a_refused_budget_leaves_the_other_stacks_complete_and_protected(cloud: LocalCloud) -> None:
    """AWS refuses budgets in some member accounts. The message says what to do."""
    refusal = "Account 444455556666 is a linked account. To enable budgets for your account, ask the payer account."
    cloud.fail_resource("AWS::Budgets::Budget", refusal)
    failed = deploy(cloud)
    assert failed.returncode == 1
    assert "444455556666 is a linked account" in failed.stderr
    (message,) = [line for line in failed.stderr.splitlines() if line.startswith("CloudFormation failed to create")]
    assert "all other stacks are deployed. Remove monthly_budget_usd from environments/prod.toml" in message
    assert "delete the stack onejob-prod-budget" in message
    assert "and rerun onejob deploy" in message
    assert statuses(cloud) == {
        "onejob-prod-data": ("UPDATE_COMPLETE", True),
        "onejob-prod-forecast": ("CREATE_COMPLETE", True),
        "onejob-prod-budget": ("ROLLBACK_COMPLETE", False),
    }
