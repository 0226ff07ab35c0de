"""Sessions with AWS, with the user's own credentials, and readable messages for AWS errors."""

from collections.abc import Iterator
from contextlib import contextmanager

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from cli.errors import CommandError
from infra.settings.environment import Settings


def session_of(settings: Settings) -> boto3.Session:
    """Open a session in the environment's region."""
    return boto3.Session(region_name=settings.deployment.region)


@contextmanager
def aws_errors() -> Iterator[None]:
    """Turn an AWS or connection error into a `CommandError` of one line."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise CommandError(f"AWS: {error}") from error
