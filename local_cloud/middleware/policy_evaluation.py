"""Whether a role's policies allow a call: identity policies with the conditions that templates of this kind use."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any


@dataclass(frozen=True)
class Permission:
    """What a call needs: an action on a resource, with what conditions may ask for.

    Attributes:
        action: `s3:GetObject`.
        resource: ARN, or `*` for actions that know none.
        context: Values of condition keys, by key.
    """

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)


def allowing(statements: Sequence[Mapping[str, Any]], needed: Permission) -> list[int]:
    """Positions of the statements that allow something; empty where none does, or one denies it."""
    fitting = [number for number, statement in enumerate(statements) if _fits(statement, needed)]
    if any(statements[number]["Effect"] == "Deny" for number in fitting):
        return []
    return fitting


def _fits(statement: Mapping[str, Any], needed: Permission) -> bool:
    unknown = statement.keys() - {"Sid", "Effect", "Action", "Resource", "Condition"}
    if unknown:
        raise NotImplementedError(f"a statement with {', '.join(sorted(unknown))} is not known here")
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
    given = context.get(key)
    if given is None:
        return False
    if operator == "StringEquals":
        return given in values
    if operator in ("StringLike", "ArnLike"):
        return any(_matches(pattern, given) for pattern in values)
    if operator == "Bool":
        return given.lower() in [value.lower() for value in values]
    raise NotImplementedError(f"the condition operator {operator} is not known here")


def _listed(value: object) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def _matches(pattern: str, text: str) -> bool:
    return _expression(pattern).fullmatch(text) is not None


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    wild = {"*": ".*", "?": "."}
    return re.compile("".join(wild.get(character, re.escape(character)) for character in pattern), re.DOTALL)
