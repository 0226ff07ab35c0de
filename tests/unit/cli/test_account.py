"""Credentials of a command, and scans of the image repository."""

from collections.abc import Iterator

import boto3
import pytest
from boto3 import Session
from botocore.exceptions import EndpointConnectionError
from moto import mock_aws

from cli.aws.account import signed_in
from cli.aws.image_scanning import scan_pushed_images
from cli.aws.session import aws_errors, session_of
from cli.environment import read_settings
from cli.errors import CommandError
from tests.stand_ins import session_with

ACCOUNT = "123456789012"  # moto's
TEMPLATE = """{{"Resources": {{{resources}}}}}"""
REPOSITORY = '"{name}": {{"Type": "AWS::ECR::Repository", "Properties": {{"RepositoryName": "{name}"}}}}'


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield session_of(read_settings("dev"))


def bootstrapped(repositories: list[str]) -> None:
    resources = ", ".join(REPOSITORY.format(name=name) for name in repositories)
    topic = '"topic": {"Type": "AWS::SNS::Topic"}'
    region = read_settings("dev").deployment.region
    boto3.client("cloudformation", region_name=region).create_stack(
        StackName="CDKToolkit", TemplateBody=TEMPLATE.format(resources=", ".join(filter(None, [topic, resources])))
    )


def test_an_unreachable_region_is_no_matter_of_credentials() -> None:
    def unreachable(_service: str) -> None:
        raise EndpointConnectionError(endpoint_url="https://sts.eu-central-1.amazonaws.com/")

    with pytest.raises(CommandError, match=r"cannot be reached in region eu-central-1: .*; check the network"):
        signed_in(session_with(unreachable), read_settings("dev"))


def test_accepts_credentials_of_the_environments_account_or_any_account_if_none_is_set(session: Session) -> None:
    settings = read_settings("dev")
    assert settings.deployment.account is None
    assert signed_in(session, settings).account == ACCOUNT
    deployment = settings.deployment.model_copy(update={"account": ACCOUNT})
    assert signed_in(session, settings.model_copy(update={"deployment": deployment})).account == ACCOUNT


def test_rejects_credentials_of_another_account(session: Session) -> None:
    with pytest.raises(CommandError) as refused:
        signed_in(session, read_settings("prod"))
    assert str(refused.value) == (
        f"credentials: they belong to account {ACCOUNT}, but prod is in account 444455556666; "
        "sign in to account 444455556666"
    )


def test_the_cdk_repository_scans_pushed_images(session: Session) -> None:
    bootstrapped(["images"])
    assert scan_pushed_images(session) == "images"
    (repository,) = session.client("ecr").describe_repositories()["repositories"]
    assert repository["imageScanningConfiguration"] == {"scanOnPush": True}


@pytest.mark.parametrize("repositories", [[], ["one", "two"]])
def test_rejects_zero_or_several_repositories(session: Session, repositories: list[str]) -> None:
    bootstrapped(repositories)
    with pytest.raises(CommandError, match=f"has {len(repositories)} image repositories instead of 1"):
        scan_pushed_images(session)


def test_an_aws_error_is_one_line(session: Session) -> None:
    with pytest.raises(CommandError, match=r"^AWS: .*CDKToolkit"), aws_errors():
        scan_pushed_images(session)
