"""Whose credentials a command has, and what it needs of the account."""

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from cli.aws.account import signed_in
from cli.aws.image_scanning import scan_pushed_images
from cli.aws.session import Clients, aws_errors, clients_for
from cli.environment import read_settings
from cli.errors import CommandError

ACCOUNT = "123456789012"  # moto's
TEMPLATE = """{{"Resources": {{{resources}}}}}"""
REPOSITORY = '"{name}": {{"Type": "AWS::ECR::Repository", "Properties": {{"RepositoryName": "{name}"}}}}'


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clients]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield clients_for(read_settings("dev"))


def bootstrapped(repositories: list[str]) -> None:
    resources = ", ".join(REPOSITORY.format(name=name) for name in repositories)
    topic = '"topic": {"Type": "AWS::SNS::Topic"}'
    region = read_settings("dev").deployment.region
    boto3.client("cloudformation", region_name=region).create_stack(
        StackName="CDKToolkit", TemplateBody=TEMPLATE.format(resources=", ".join(filter(None, [topic, resources])))
    )


def test_the_caller_is_in_the_environments_account_or_it_leaves_that_open(clients: Clients) -> None:
    settings = read_settings("dev")
    assert settings.deployment.account is None
    assert signed_in(clients, settings).account == ACCOUNT
    deployment = settings.deployment.model_copy(update={"account": ACCOUNT})
    assert signed_in(clients, settings.model_copy(update={"deployment": deployment})).account == ACCOUNT


def test_credentials_of_another_account_are_refused(clients: Clients) -> None:
    with pytest.raises(CommandError) as refused:
        signed_in(clients, read_settings("prod"))
    assert str(refused.value) == (
        f"credentials: they belong to account {ACCOUNT}, but prod is in account 444455556666; sign in to that account"
    )


def test_the_cdks_repository_scans_what_is_pushed(clients: Clients) -> None:
    bootstrapped(["images"])
    assert scan_pushed_images(clients) == "images"
    (repository,) = clients("ecr").describe_repositories()["repositories"]
    assert repository["imageScanningConfiguration"] == {"scanOnPush": True}


@pytest.mark.parametrize("repositories", [[], ["one", "two"]])
def test_another_number_of_repositories_is_refused(clients: Clients, repositories: list[str]) -> None:
    bootstrapped(repositories)
    with pytest.raises(CommandError, match=f"has {len(repositories)} image repositories instead of 1"):
        scan_pushed_images(clients)


def test_an_error_of_aws_is_one_line(clients: Clients) -> None:
    with pytest.raises(CommandError, match=r"^AWS: .*CDKToolkit"), aws_errors():
        scan_pushed_images(clients)
