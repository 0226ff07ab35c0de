"""Say in words what is wrong with settings."""

import difflib
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ValidationError


def describe(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """Return one line per problem: the dotted key, the reason and, for an unknown key, the known keys."""
    lines = []
    problems = error.errors()
    inside = {problem["loc"][:-1] for problem in problems}
    for problem in problems:
        if problem["type"] == "too_short" and problem["loc"] in inside:
            continue  # only the valid elements were counted
        where = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            lines.append(f"{where}: unknown key{_suggestion(problem['loc'], model)}")
        elif problem["type"] == "missing":
            lines.append(f"{where}: is missing and has no default")
        else:
            reason = problem["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
            actual = "" if problem["type"] == "value_error" else f", not {problem['input']!r}"
            lines.append(f"{where}: {reason}{actual}" if where else reason)
    return lines


def _suggestion(location: Sequence[int | str], model: type[BaseModel]) -> str:
    current: Any = model
    for part in location[:-1]:
        field = current.model_fields.get(part) if hasattr(current, "model_fields") else None
        current = field.annotation if field else None
    known = sorted(current.model_fields) if hasattr(current, "model_fields") else []
    close = difflib.get_close_matches(str(location[-1]), known, n=1)
    hint = f", did you mean {close[0]}?" if close else ""
    return f"{hint} (known: {', '.join(known)})" if known else hint
