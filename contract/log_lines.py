"""The lines of JSON that a job logs, as other programs read them."""

import json
from typing import Any


def fields(line: str) -> dict[str, Any]:
    """Reads one line of a log.

    Args:
        line: The line.

    Returns:
        Its fields, e.g. `message`, and `stage` with `seconds` where a stage has ended; none where the line is not a
        JSON object.
    """
    try:
        content = json.loads(line)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
