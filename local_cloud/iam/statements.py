"""Reads policy documents into statements. A document that was read before is not read again."""

import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from local_cloud.iam.callers import listed
from local_cloud.iam.conditions import Condition
from local_cloud.iam.patterns import matches

_MEMBERS = {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}


@dataclass(frozen=True)
class Permission:
    """A permission that a call needs: an action on a resource, with the values that conditions may test.

    Attributes:
        action: The action, e.g. `s3:GetObject`.
        resource: ARN, or `*` for actions without a resource.
        context: Values of condition keys, by key.
        role: ARN of another role. It is enough if that role has the permission instead of the caller.
    """

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)
    role: str = ""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A statement of a policy.

    Attributes:
        document: The statement as its policy has it.
        denies: Whether its effect is Deny.
        principal: The value of `Principal`; None in an identity policy.
        actions: The patterns of actions, in lower case: actions ignore the case.
        resources: The patterns of resources.
        conditions: The conditions, which must all hold.
    """

    document: Mapping[str, Any]
    denies: bool
    principal: object
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[Condition, ...]

    def fits(self, needed: Permission, context: Mapping[str, str]) -> bool:
        """Return whether the statement is about a permission and its conditions hold.

        Args:
            needed: The permission.
            context: The values of the request for conditions, by key in lower case.

        Raises:
            NotImplementedError: A condition is not supported.
        """
        action = needed.action.lower()
        return (
            any(matches(pattern, action) for pattern in self.actions)
            and any(matches(pattern, needed.resource) for pattern in self.resources)
            and all(condition.holds(context) for condition in self.conditions)
        )


@functools.lru_cache(maxsize=4096)
def read_policy(text: str) -> tuple[Statement, ...]:
    """Read a policy document.

    Raises:
        NotImplementedError: A statement has a member that the local cloud does not know, such as `NotAction`.
    """
    return tuple(_statement(document) for document in listed(json.loads(text).get("Statement", [])))


def _statement(document: Mapping[str, Any]) -> Statement:
    unknown = document.keys() - _MEMBERS
    if unknown:
        raise NotImplementedError(f"the local cloud does not support statements with {', '.join(sorted(unknown))}")
    return Statement(
        document=document,
        denies=document["Effect"] == "Deny",
        principal=document.get("Principal"),
        actions=tuple(action.lower() for action in listed(document["Action"])),
        resources=tuple(listed(document["Resource"])),
        conditions=tuple(_conditions(document.get("Condition", {}))),
    )


def _conditions(block: Mapping[str, Mapping[str, Any]]) -> Iterator[Condition]:
    for operator, keys in block.items():
        for key, values in keys.items():
            yield Condition(operator=operator, key=key.lower(), values=[str(value) for value in listed(values)])
