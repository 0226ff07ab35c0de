"""The data-quality report: what was wrong with the demand, what was repaired, what kinds of series there are."""

from typing import Any

from job_code.activity import is_active
from job_code.alignment import Repairs
from job_code.demand import Demand
from job_code.error_distribution import KINDS, kind_of_series
from job_code.panel import Panel
from job_code.static_columns import StaticColumns


def describe_input(demand: Demand, panel: Panel, repairs: Repairs, static: StaticColumns | None) -> dict[str, Any]:
    """Counts of what was read, repaired and found.

    Returns:
        `input`, `repairs` and `series` (counts by name), and `ignored_columns` (names).
    """
    active = is_active(panel)
    kind = kind_of_series(panel)
    ignored = [f"demand: {name}" for name in demand.ignored_columns]
    counts = {"demand_files": demand.files, "demand_rows": demand.rows.height, "series": len(panel)}
    if static:
        ignored += [f"static: {name}" for name in static.ignored_columns]
        counts["static_columns"] = static.columns.width
        counts["series_without_static_row"] = static.series_without
    return {
        "input": counts,
        "repairs": repairs.to_dict(),
        "series": {
            **{name: int((active & (kind == number)).sum()) for number, name in enumerate(KINDS)},
            "younger_than_a_season": int((panel.lengths < panel.frequency.season).sum()),
            "stopped_selling": int((~active).sum()),
        },
        "ignored_columns": ignored,
    }


def failed_report(problems: tuple[str, ...]) -> dict[str, Any]:
    """The report of a run that its input stopped: every problem, in full."""
    return {"status": "input error", "problems": list(problems)}


def sound_report(description: dict[str, Any]) -> dict[str, Any]:
    """The report of a run whose input could be forecast."""
    return {"status": "sound", "problems": [], **description}
