import io
from collections.abc import Callable
from datetime import date
from typing import Any

import polars as pl
import pytest

from tests.workflow.conftest import Deployment


def parquet(rows: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    rows.write_parquet(buffer)
    return buffer.getvalue()


def with_first(rows: pl.DataFrame, column: str, value: object) -> pl.DataFrame:
    changed = pl.Series(column, [value, *rows[column].to_list()[1:]])
    return rows.with_columns(changed)


Spoil = Callable[[pl.DataFrame], bytes | None]

# What is uploaded, the execution's input, and what the one line must tell.
CASES: dict[str, tuple[Spoil, dict[str, Any], list[str]]] = {
    "a truncated file": (lambda rows: parquet(rows)[:-500], {}, ["demand.parquet", "cannot be read as Parquet"]),
    "a missing column": (lambda rows: parquet(rows.drop("y")), {}, ["without the column y", "merchant_id"]),
    "text in the target": (
        lambda rows: parquet(with_first(rows.with_columns(pl.col("y").cast(pl.String)), "y", "many")),
        {},
        ["1 row", "'many'", "give numbers"],
    ),
    "an infinite value": (
        lambda rows: parquet(with_first(rows, "y", float("inf"))),
        {},
        ["1 row with an infinite value", "give finite numbers"],
    ),
    "duplicate weeks": (
        lambda rows: parquet(pl.concat([rows, rows.head(1)])),
        {},
        ["1 series with duplicate weeks", "(A0, M0) 2026-11-16", "keep one row"],
    ),
    "a date off the anchor": (
        lambda rows: parquet(with_first(rows, "ds", date(2026, 11, 17))),
        {},
        ["1 row dated off the calendar W-MON", "(A0, M0) 2026-11-17"],
    ),
    "a cutoff before all data": (
        parquet,
        {"cutoff": "2020-01-06"},
        ["2020-01-06 lies before all demand", "2025-07-21"],
    ),
    "a horizon of 0": (parquet, {"config": {"horizon": 0}}, ["horizon", "greater than or equal to 1"]),
    "an unknown configuration key": (parquet, {"config": {"horizn": 8}}, ["horizn", "horizon"]),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_input_ends_the_run_with_one_line_and_publishes_nothing(
    application: Deployment, demand: pl.DataFrame, case: str
) -> None:
    spoil, given, told = CASES[case]
    content = spoil(demand)
    if content is not None:
        application.upload("demand.parquet", content)
    ended = application.run(given)
    assert (ended.status, ended.error) == ("FAILED", "InputError")
    assert [part for part in told if part not in ended.cause] == []
    assert "\n" not in ended.cause
    assert "Traceback" not in ended.cause
    assert len(ended.jobs) <= 1  # never retried
    assert application.published() is None
    assert application.forecast_keys() == []
