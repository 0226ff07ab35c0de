"""Fakes of boto3's clients and sessions."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

from boto3 import Session


def as_client(fake: object) -> Any:
    """Return a fake as the client of any service. It has only the calls that a test needs."""
    return fake


def session_with(client: Callable[[str], object]) -> Session:
    """Return a fake session whose clients come from a function."""
    return cast("Session", SimpleNamespace(client=client))
