"""Matches the patterns of policies: `*` is any text, `?` is any one character."""

import re
from functools import cache


def matches(pattern: str, text: str) -> bool:
    """Return whether a pattern matches the whole text.

    Raises:
        NotImplementedError: The pattern has a policy variable, such as `${aws:username}`.
    """
    return _expression(pattern).fullmatch(text) is not None


def arn_matches(pattern: str, arn: str) -> bool:
    """Return whether a pattern matches an ARN. A wildcard matches within one of the six parts of the ARN."""
    patterns, parts = pattern.split(":", 5), arn.split(":", 5)
    return len(patterns) == len(parts) and all(map(matches, patterns, parts))


def refuse_variables(text: str) -> None:
    """Refuse a text with a policy variable.

    Raises:
        NotImplementedError: The text has a policy variable, such as `${aws:username}`.
    """
    if "${" in text:
        raise NotImplementedError(f"the local cloud does not support policy variables: {text}")


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    refuse_variables(pattern)
    wild = {"*": ".*", "?": "."}
    return re.compile("".join(wild.get(character, re.escape(character)) for character in pattern), re.DOTALL)
