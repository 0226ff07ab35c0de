"""A first deployment is unprotected, so that it can be repeated after a failure. The next one turns protection on."""

import json
from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws
from moto.cloudformation.models import cloudformation_backends
from moto.core.models import DEFAULT_ACCOUNT_ID

from cli.aws import cdk, image_publication
from cli.errors import CommandError
from tests.unit.cli.conftest import Onejob

TEMPLATE = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[list[str]]]:
    """Return the options of each call of the CDK CLI, in an account without stacks."""
    found: list[list[str]] = []
    monkeypatch.setattr(cdk, "run_cdk", lambda _command, _environment, options: found.append(options))
    monkeypatch.setattr(image_publication, "publish_image", lambda _settings, _session: None)
    with mock_aws():
        yield found


def create(*stacks: str) -> None:
    cloudformation = boto3.client("cloudformation", region_name="eu-central-1")
    for stack in stacks:
        cloudformation.create_stack(StackName=stack, TemplateBody=TEMPLATE)


def fail_last(status: str = "ROLLBACK_COMPLETE") -> None:
    """Let the creation of the last stack have failed."""
    *_, last = cloudformation_backends[DEFAULT_ACCOUNT_ID]["eu-central-1"].stacks.values()
    last.status = status


def test_the_first_deployment_is_repeated_with_protection(onejob: Onejob, calls: list[list[str]]) -> None:
    assert onejob("deploy", "--environment", "prod", "--", "--verbose").exit_code == 0
    unprotected = "unprotected=onejob-prod-data,onejob-prod-forecast"
    assert calls == [["onejob-prod-forecast", "--verbose", "--context", unprotected], ["--all", "--verbose"]]


def test_an_existing_stack_stays_protected(onejob: Onejob, calls: list[list[str]]) -> None:
    create("onejob-prod-data")
    assert onejob("deploy", "--environment", "prod").exit_code == 0
    assert calls == [["onejob-prod-forecast", "--context", "unprotected=onejob-prod-forecast"], ["--all"]]


def test_a_later_deployment_is_protected(onejob: Onejob, calls: list[list[str]]) -> None:
    create("onejob-prod-data", "onejob-prod-forecast")
    assert onejob("deploy", "--environment", "prod").exit_code == 0
    assert calls == [["--all"]]


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS"])
def test_a_stack_whose_creation_failed_counts_as_missing(onejob: Onejob, calls: list[list[str]], status: str) -> None:
    create("onejob-prod-data", "onejob-prod-forecast")
    fail_last(status)
    assert onejob("deploy", "--environment", "prod").exit_code == 0
    assert len(calls) == 2


def test_an_environment_without_protection_is_deployed_once(onejob: Onejob, calls: list[list[str]]) -> None:
    assert onejob("deploy", "--environment", "staging").exit_code == 0
    assert calls == [["--all"]]


@pytest.mark.parametrize("earlier", [False, True])
@pytest.mark.parametrize("refused", [False, True])
def test_only_a_budget_that_this_deployment_failed_to_create_is_explained(
    onejob: Onejob, calls: list[list[str]], monkeypatch: pytest.MonkeyPatch, earlier: bool, refused: bool
) -> None:
    """The CDK deletes the failed stack of an earlier deployment and creates another one."""
    create("onejob-prod-data", "onejob-prod-forecast")
    if earlier:
        create("onejob-prod-budget")
        fail_last()

    def fail(_command: str, _environment: str, options: list[str]) -> None:
        calls.append(options)
        if refused:
            boto3.client("cloudformation", region_name="eu-central-1").delete_stack(StackName="onejob-prod-budget")
            create("onejob-prod-budget")
            fail_last()
        raise CommandError("cdk deploy failed")

    monkeypatch.setattr(cdk, "run_cdk", fail)
    done = onejob("deploy", "--environment", "prod")
    assert (done.exit_code, len(calls)) == (1, 1)
    assert ("Remove monthly_budget_usd from environments/prod.toml" in done.output) == refused
    assert ("cdk deploy failed" in done.output) != refused


def test_missing_credentials_are_one_line(onejob: Onejob) -> None:
    done = onejob("deploy", "--environment", "prod")
    assert done.exit_code == 1
    assert "credentials: none found; run aws sso login" in done.output
