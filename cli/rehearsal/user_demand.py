"""Choose the configuration of a run for the user's own demand."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from contract.job_start import DEMAND
from job_code.config import ForecastConfig
from job_code.tables.table_files import open_tables
from job_code.tables.validation_report import ValidationReport

MLFORECAST_COLUMNS = ("unique_id", "ds", "y")


def overrides_for(demand: Path | None, configured: Mapping[str, str], pairs: Sequence[str]) -> dict[str, Any]:
    """Return the configuration keys of the run, from `key=value` pairs and from the demand's columns.

    If the demand has MLForecast's default columns and not the configured ones, use the default columns. The job then
    infers the frequency from the dates.

    Args:
        demand: File or folder; None for the synthetic demand, which has the configured columns.
        configured: The environment's configuration, as strings.
        pairs: `key=value` pairs, which take precedence.
    """
    chosen: dict[str, Any] = {}
    columns = _columns(demand) if demand else set[str]()
    expected = {*configured["key"].split(","), configured["time"], configured["target"]}
    if not expected <= columns and set(MLFORECAST_COLUMNS) <= columns:
        series, time, target = MLFORECAST_COLUMNS
        chosen = {"key": series, "time": time, "target": target, "frequency": ""}
    return chosen | dict(pair.split("=", 1) for pair in pairs)


def _columns(demand: Path) -> set[str]:
    """Return the columns of the first readable table. The job reports the others."""
    tables = open_tables(demand, lambda _: [], ForecastConfig(), ValidationReport(), source=DEMAND)
    return set(tables[0].other_columns) if tables else set()
