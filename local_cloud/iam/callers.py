"""Who makes a call: a role, a service of AWS, the user of the cloud, or the holder of an identity provider's token."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from local_cloud.core.role_access_keys import temporary_key

_LOCK = threading.Lock()
_SERVICES: dict[str, "Caller"] = {}


@dataclass(frozen=True, kw_only=True)
class Caller:
    """The caller, as the `Principal` of a resource policy names it.

    Attributes:
        name: The ARN of a role, user or identity provider, or the name of a service: `events.amazonaws.com`.
        account: The caller's account; empty for a service.
        source: ARN of the resource for which a service makes the call; empty if the service does not tell it.
    """

    name: str
    account: str = ""
    source: str = ""

    @property
    def is_service(self) -> bool:
        """Whether the caller is a service."""
        return not self.account

    def context(self) -> dict[str, str]:
        """Return the values of the condition keys that depend on the caller alone."""
        if not self.is_service:
            return {
                "aws:PrincipalArn": self.name,
                "aws:PrincipalAccount": self.account,
                "aws:PrincipalIsAWSService": "false",
                "kms:CallerAccount": self.account,
            }
        context = {"aws:PrincipalIsAWSService": "true"}
        if self.source:
            account = self.source.split(":")[4]
            context |= {"aws:SourceArn": self.source, "aws:SourceAccount": account, "aws:SourceOwner": account}
        return context

    def named_by(self, principal: object) -> Literal["itself", "account"] | None:
        """Return how a statement's `Principal` names the caller: itself, or only its account. None if not at all.

        Raises:
            NotImplementedError: The principal is of a kind that the local cloud does not know.
        """
        if principal == "*":
            return "itself"
        kinds: Mapping[str, Any] = principal if isinstance(principal, dict) else {str(principal): []}
        unknown = kinds.keys() - {"AWS", "Federated", "Service"}
        if unknown:
            raise NotImplementedError(f"the local cloud does not support the principal {', '.join(sorted(unknown))}")
        own = [name for kind in ("Federated", "Service") for name in listed(kinds.get(kind, []))]
        if {"*", self.name} & {*listed(kinds.get("AWS", []))} or self.name in own:
            return "itself"
        accounts = {self.account, f"arn:aws:iam::{self.account}:root"}
        return "account" if self.account and accounts & {*listed(kinds.get("AWS", []))} else None


def service_access_key(caller: Caller) -> str:
    """Return an access key with which a service makes a call for a resource."""
    key = temporary_key(f"{caller.name} {caller.source}")
    with _LOCK:
        _SERVICES[key] = caller
    return key


def service_of(access_key: str) -> Caller | None:
    """Return the service that an access key belongs to; None if it belongs to no service."""
    with _LOCK:
        return _SERVICES.get(access_key)


def listed(value: object) -> list[Any]:
    """Return a list as it is, and any other value as the only one of a list."""
    return value if isinstance(value, list) else [value]
