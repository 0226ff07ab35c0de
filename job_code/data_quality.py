"""The data-quality report: what was wrong with the demand, what was repaired, what kinds of series there are."""

from typing import Any

from job_code.preparation import PreparedDemand
from job_code.sharding import ShardedDemand


def describe_input(read: ShardedDemand, prepared: PreparedDemand, *, with_static: bool) -> dict[str, Any]:
    """Counts of what was read, repaired and found.

    Returns:
        `input`, `repairs` and `series` (counts by name), and `ignored_columns` (names).
    """
    ignored = [f"demand: {name}" for name in read.ignored_columns]
    counts = {"demand_files": read.files, "demand_rows": read.days.rows, "series": prepared.series}
    if with_static:
        ignored += [f"static: {name}" for name in prepared.encoding.ignored]
        counts["static_columns"] = len(prepared.encoding.columns)
        counts["series_without_static_row"] = prepared.series_without_static
    return {
        "input": counts,
        "repairs": prepared.repairs.to_dict(),
        "series": prepared.counts,
        "ignored_columns": ignored,
    }


def failed_report(problems: tuple[str, ...]) -> dict[str, Any]:
    """The report of a run that its input stopped: every problem, in full."""
    return {"status": "input error", "problems": list(problems)}


def sound_report(description: dict[str, Any]) -> dict[str, Any]:
    """The report of a run whose input could be forecast."""
    return {"status": "sound", "problems": [], **description}
