"""Evaluates whether a role's policies allow a call. It supports identity policies with the most common conditions."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any


@dataclass(frozen=True)
class Permission:
    """A permission that a call needs: an action on a resource, with the values that conditions may test.

    Attributes:
        action: The action, e.g. `s3:GetObject`.
        resource: ARN, or `*` for actions without a resource.
        context: Values of condition keys, by key.
    """

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)


def allowing(statements: Sequence[Mapping[str, Any]], needed: Permission) -> list[int]:
    """Return the positions of the statements that allow the permission; empty if none allows it or one denies it."""
    fitting = [number for number, statement in enumerate(statements) if _fits(statement, needed)]
    if any(statements[number]["Effect"] == "Deny" for number in fitting):
        return []
    return fitting


def _fits(statement: Mapping[str, Any], needed: Permission) -> bool:
    unknown = statement.keys() - {"Sid", "Effect", "Action", "Resource", "Condition"}
    if unknown:
        raise NotImplementedError(f"the local cloud does not support statements with {', '.join(sorted(unknown))}")
    return (
        any(_matches(pattern.lower(), needed.action.lower()) for pattern in _listed(statement["Action"]))
        and any(_matches(pattern, needed.resource) for pattern in _listed(statement["Resource"]))
        and all(_holds(*condition, needed.context) for condition in _conditions(statement.get("Condition", {})))
    )


def _conditions(block: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str, list[str]]]:
    for operator, keys in block.items():
        for key, values in keys.items():
            yield operator, key, [str(value) for value in _listed(values)]


def _holds(operator: str, key: str, values: list[str], context: Mapping[str, str]) -> bool:
    actual = context.get(key)
    if actual is None:
        return False
    if operator == "StringEquals":
        return actual in values
    if operator in ("StringLike", "ArnLike"):
        return any(_matches(pattern, actual) for pattern in values)
    if operator == "Bool":
        return actual.lower() in [value.lower() for value in values]
    raise NotImplementedError(f"the local cloud does not support the condition operator {operator}")


def _listed(value: object) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def _matches(pattern: str, text: str) -> bool:
    return _expression(pattern).fullmatch(text) is not None


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    wild = {"*": ".*", "?": "."}
    return re.compile("".join(wild.get(character, re.escape(character)) for character in pattern), re.DOTALL)
