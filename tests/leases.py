"""Lease requests, for tests of the run registry."""

from dataclasses import replace
from typing import Any

from lambdas.shared.registry_claim import LeaseRequest


def lease_request(execution: str, *, at: str, **changes: Any) -> LeaseRequest:
    """Return the request of an execution that a person started.

    Args:
        execution: Name of the execution.
        at: Time of its start and of the request, ISO 8601.
        **changes: Other fields of the request.
    """
    request = LeaseRequest(
        execution=execution,
        started_by="manual",
        fingerprint="f",
        execution_started_at=at,
        now=at,
        now_epoch=0,
        lease_seconds=3600,
    )
    return replace(request, **changes)
