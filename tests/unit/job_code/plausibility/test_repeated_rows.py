"""Rows that were delivered twice count twice when they are added. A warning names their days."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from job_code.demand.shuffle_files import ShuffledShard
from job_code.plausibility.repeated_rows import RepeatedRows
from job_code.tables.validation_report import ValidationReport
from tests.demand import run_job

BEGIN = datetime(2026, 1, 1)  # noqa: DTZ001 (most feeds have no time zone)
DAYS = 300
ALL = pl.lit(value=True)
of_item, at, sold = pl.col("unique_id"), pl.col("ds"), pl.col("y")


def since(day: int) -> pl.Expr:
    return at >= BEGIN + timedelta(days=day)


def sales(each_day: float, *, items: int = 20, minutes: int = 1_440, values: int = 5, seed: int = 0) -> pl.DataFrame:
    """Return random sales. With one minute a day, they have dates only."""
    random = np.random.default_rng(seed)
    count = int(each_day * DAYS * items)
    minute = random.integers(0, DAYS, count) * 1_440 + random.integers(0, minutes, count)
    return pl.DataFrame(
        {
            "unique_id": [f"A{item:03d}" for item in random.integers(0, items, count)],
            "ds": np.datetime64(BEGIN) + minute.astype("timedelta64[m]"),
            "y": random.integers(1, values + 1, count).astype(float),
        }
    ).cast({"ds": pl.Datetime("us")})


def daily(items: int = 20) -> pl.DataFrame:
    """Return one row per item and day."""
    days = pl.DataFrame({"ds": [BEGIN + timedelta(days=day) for day in range(DAYS)]}).cast({"ds": pl.Datetime("us")})
    table = pl.DataFrame({"unique_id": [f"A{item:03d}" for item in range(items)]}).join(days, how="cross")
    return table.with_columns(y=pl.Series(np.random.default_rng(1).integers(1, 9, table.height).astype(float)))


def corrected(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with another value in the first row of every day."""
    return rows.with_columns(y=pl.when(pl.int_range(pl.len()).over(at.dt.date()) == 0).then(sold + 1).otherwise(sold))


def twice(rows: pl.DataFrame, chosen: pl.Expr = ALL) -> pl.DataFrame:
    return pl.concat([rows, rows.filter(chosen)])


def warnings_of(rows: pl.DataFrame, *, shards: int = 1) -> list[str]:
    found = []
    for number in range(shards):
        own = rows.filter(of_item.str.slice(1).cast(pl.Int64) % shards == number)
        own = own.sample(fraction=1.0, shuffle=True, seed=number)
        keys = own.select("unique_id").unique().sort("unique_id")
        shard = ShuffledShard(
            keys=keys,
            hashes=np.arange(keys.height, dtype=np.uint64),
            series=own.join(keys.with_row_index("place"), on="unique_id", how="left", maintain_order="left")["place"]
            .cast(pl.Int64)
            .to_numpy(),
            moment=(own["ds"].dt.epoch("s") // 60).cast(pl.Int32).to_numpy(),
            value=own["y"].fill_null(np.nan).cast(pl.Float32).to_numpy(),
        )
        found.append(RepeatedRows.of(shard.in_order()))
    findings = ValidationReport()
    RepeatedRows.total(found).report(findings)
    assert (findings.messages(), findings.messages("note")) == ([], [])
    return findings.messages("warning")


@pytest.mark.parametrize("shards", [1, 3])
def test_days_that_were_delivered_twice_are_a_warning(shards: int) -> None:
    assert warnings_of(twice(daily(), since(280)), shards=shards) == [
        "demand: 400 rows with the key, time and value of another row, which are added, on days with hardly any other "
        "row, e.g. 2026-10-08 to 2026-10-27. They were probably delivered twice. Remove them, unless they are "
        "different sales"
    ]


def test_single_series_that_were_delivered_twice_are_a_warning() -> None:
    (warning,) = warnings_of(twice(daily(), since(280) & (of_item < "A002")))
    assert warning.startswith("demand: 40 rows with the key, time and value of another row")
    assert "e.g. A000 2026-10-08 to 2026-10-27, A001 2026-10-08 to 2026-10-27. They" in warning


@pytest.mark.parametrize(
    ("rows", "extra"),
    [
        (twice(daily()), "6,000"),
        (twice(daily(), of_item == "A007"), 300),
        (twice(daily(), since(299)), 20),  # the common day of two extracts
        (pl.concat([daily(), *[daily().filter(since(280))] * 2]), 800),
        (pl.concat([daily(), corrected(daily().filter(since(280)))]), 380),
        (twice(sales(5), since(280)), None),
        (twice(sales(5), of_item == "A007"), None),
        (pl.concat([sales(5), corrected(sales(5).filter(since(280)))]), None),
        (twice(sales(5, minutes=1), since(280)), None),
        (twice(sales(5, minutes=1), (of_item == "A007") & since(200)), None),
    ],
)
def test_every_kind_of_second_delivery_is_found(rows: pl.DataFrame, extra: int | str | None) -> None:
    found = warnings_of(rows)
    assert len(found) == 1
    if extra is not None:
        assert found[0].startswith(f"demand: {extra} rows")


@pytest.mark.parametrize("each_day", [0.1, 0.5, 2.0, 5.0, 20.0])
@pytest.mark.parametrize("minutes", [1, 60, 1_440])
@pytest.mark.parametrize("values", [1, 5])
@pytest.mark.parametrize("items", [2, 60])
def test_sales_that_are_equal_by_chance_are_no_finding(each_day: float, minutes: int, values: int, items: int) -> None:
    rows = sales(each_day, minutes=minutes, values=values, items=items)
    assert warnings_of(rows) == []
    holidays = sales(10, minutes=minutes, values=values, items=items).filter(since(270))
    assert warnings_of(pl.concat([rows, holidays])) == []


@pytest.mark.parametrize(
    "rows",
    [
        daily(),
        daily().filter(~since(0)),
        pl.concat([daily(), daily().with_columns(at + timedelta(minutes=1))]),
        pl.concat([daily(), daily().with_columns(sold + 1)]),
        pl.concat([daily(), daily().with_columns(sold.reverse())]).filter(of_item < "A003"),
        twice(daily().with_columns(y=0.0)),
        twice(daily().with_columns(y=pl.lit(None, pl.Float64))),
        twice(daily(items=2), since(295)),  # few rows
    ],
)
def test_other_rows_are_no_finding(rows: pl.DataFrame) -> None:
    assert warnings_of(rows) == []


@pytest.mark.parametrize(("aggregate", "warned"), [("sum", True), ("mean", True), ("count", True), ("max", False)])
def test_the_run_warns_of_rows_that_are_added_twice(tmp_path: Path, aggregate: str, warned: bool) -> None:
    old, new = (daily(5).filter(at < date(2026, 10, 20)), daily(5).filter(at >= date(2026, 10, 1)))
    settings: dict[str, Any] = {"frequency": "W-MON", "aggregate": aggregate, "n_estimators": 5, "horizon": 2}
    quality = run_job(tmp_path, {"a.parquet": old, "b.csv": new}, **settings).quality
    found = [line for line in quality["warnings"] if "of another row" in line]
    assert len(found) == warned
    assert all("95 rows" in line and "2026-10-01 to 2026-10-19" in line for line in found)
