"""Clients of AWS with the caller's own credentials, and AWS's errors as a person should read them."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from cli.errors import CommandError
from infra.settings.environment import Settings

Clients = Callable[[str], Any]


def clients_for(settings: Settings) -> Clients:
    """Make a function that returns the client of a service in the environment's region."""
    return functools.cache(boto3.Session(region_name=settings.deployment.region).client)


@contextmanager
def aws_errors() -> Iterator[None]:
    """Turn an error of AWS, or of the way to it, into one line."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise CommandError(f"AWS: {error}") from error
