"""Reads the JSON lines that a job logs."""

import json
from typing import Any


def fields(line: str) -> dict[str, Any]:
    """Return the fields of one line of a log.

    Args:
        line: The line.

    Returns:
        The fields, e.g. `message`, or `stage` and `seconds` at the end of a stage. Empty if the line is not a JSON
        object.
    """
    try:
        content = json.loads(line)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
