"""Chooses the run's configuration for demand that somebody brought along."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from contract.data_files import is_csv
from job_code.tables.table_files import find_files

MLFORECAST_COLUMNS = ("unique_id", "ds", "y")


def overrides_for(demand: Path | None, configured: Mapping[str, str], given: Sequence[str]) -> dict[str, Any]:
    """Configuration keys of the run, from `key=value` pairs and from the columns the demand has.

    Where the configured columns are missing and those MLForecast names by default are there, these are taken, and
    the frequency is left to be read off the dates.

    Args:
        demand: File or folder; None for the synthetic demand, which has the configured columns.
        configured: The environment's configuration, as strings.
        given: `key=value` pairs; they go before everything else.
    """
    chosen: dict[str, Any] = {}
    columns = _columns(demand) if demand else set[str]()
    expected = {*configured["key"].split(","), configured["time"], configured["target"]}
    if not expected <= columns and set(MLFORECAST_COLUMNS) <= columns:
        series, time, target = MLFORECAST_COLUMNS
        chosen = {"key": series, "time": time, "target": target, "frequency": ""}
    return chosen | dict(pair.split("=", 1) for pair in given)


def _columns(demand: Path) -> set[str]:
    first = find_files(demand, source="demand")[0]
    if is_csv(first.name):
        return set(pl.read_csv(first, n_rows=0, infer_schema=False).columns)
    try:
        return set(pl.read_parquet_schema(first))
    except pl.exceptions.PolarsError:
        return set()  # the job will say what is wrong with it
