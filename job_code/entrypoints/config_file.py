"""Read the configuration file of a local run."""

import tomllib
from pathlib import Path
from typing import Any

from job_code.errors import InputError


def read_config_file(path: Path) -> dict[str, Any]:
    """Read configuration keys from the `[forecast]` table of a TOML file, or from its top level without such a table.

    The file of an environment has `period_label` in `[schedule]`.

    Raises:
        InputError: If the file is missing, unreadable or not valid TOML.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError([f"configuration: file {path} does not exist. Check the path"]) from None
    except OSError as error:
        raise InputError([f"configuration: {path} cannot be read: {error.strerror}. Check the path"]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError([f"configuration: {path} is not valid TOML: {error}. Fix the file"]) from None
    forecast, schedule = document.get("forecast", document), document.get("schedule")
    if not isinstance(forecast, dict):
        return document
    label = schedule.get("period_label") if isinstance(schedule, dict) else None
    return forecast if label is None else {"period_label": label} | forecast
