"""What tests put in the place of boto3's clients and sessions."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

from boto3 import Session


def as_client(fake: object) -> Any:
    """A fake, to be taken for the client of any service: it has the calls that a test needs, and no others."""
    return fake


def session_with(client: Callable[[str], object]) -> Session:
    """A session whose clients a function makes."""
    return cast("Session", SimpleNamespace(client=client))
