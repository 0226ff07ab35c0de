"""Rows of other tables that meet no series, and series without a row, are findings with an example from each side."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from job_code.errors import InputError
from tests.demand import LAST, Finished, run_job, shop

FEW_TREES = {"n_estimators": 5, "horizon": 4}
DEMAND = shop(4, 30)  # series A000 to A003
KEYS = DEMAND["unique_id"].unique().sort()


def static_of(keys: pl.Series) -> dict[str, pl.DataFrame]:
    return {"s.parquet": pl.DataFrame({"unique_id": keys, "size": range(len(keys))})}


def prices_of(keys: pl.Series, **columns: pl.Series) -> dict[str, pl.DataFrame]:
    weeks = pl.DataFrame({"ds": [LAST + timedelta(weeks=week) for week in range(-29, 5)]})
    prices = pl.DataFrame({"unique_id": keys, **columns}).join(weeks, how="cross")
    return {"c.parquet": prices.with_columns(price=pl.int_range(1, pl.len() + 1) * 1.0)}


def run(folder: Path, **tables: dict[str, pl.DataFrame]) -> Finished:
    return run_job(folder, DEMAND, **tables, **FEW_TREES)  # type: ignore[arg-type]


def test_a_static_table_that_meets_no_series_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        run(tmp_path, static=static_of(pl.Series([10.0, 20.0])))
    assert error.value.problems == (
        "static: none of 2 rows has the key of a series, e.g. 10, 20, but the demand has A000, A001, A002. "
        "Write the keys the same way in both",
    )


def test_covariates_that_meet_no_series_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        run(tmp_path, covariates=prices_of(pl.Series(["a000", "a001"])))
    (problem,) = error.value.problems
    assert problem.startswith(
        "covariates: none of 68 rows in the table of price has the key of a series, e.g. a000, a001"
    )


def test_a_shared_table_that_meets_no_series_is_an_error(tmp_path: Path) -> None:
    demand = DEMAND.with_columns(shop=pl.lit("north"))
    table = prices_of(pl.Series("shop", ["North", "South"]))["c.parquet"].rename({"unique_id": "shop"})
    with pytest.raises(InputError) as error:
        run_job(tmp_path, demand, covariates={"c.parquet": table}, key="unique_id,shop", **FEW_TREES)  # type: ignore[arg-type]
    (problem,) = error.value.problems
    assert problem == (
        "covariates: none of 2 keys in the table of price has the key of a series, e.g. North, South, but the demand "
        "has north. Write the keys the same way in both"
    )


def test_new_articles_and_series_without_a_row_are_notes(tmp_path: Path) -> None:
    keys = pl.Series([*KEYS[:3], "B1", "B2"])
    quality = run(tmp_path, static=static_of(keys), covariates=prices_of(keys)).quality
    assert quality["warnings"] == []
    assert quality["notes"] == [
        "static: 2 rows with a key that the demand does not have, e.g. B1, B2. The run does not use them",
        "static: 1 series of 4 without a row, e.g. A003. Their values are missing. Add rows if the values exist",
        "covariates: 68 rows with a key that the demand does not have in the table of price, e.g. B1, B2. "
        "The run does not use them",
        "covariates: 1 series of 4 without a row in the table of price, e.g. A003. "
        "Their values are missing. Add rows if the values exist",
    ]


def test_a_table_with_a_shorter_key_counts_keys(tmp_path: Path) -> None:
    shops = pl.Series(["north", "south"])
    demand = pl.concat([DEMAND.with_columns(shop=pl.lit(shop)) for shop in shops])
    table = prices_of(shops[:1])["c.parquet"].rename({"unique_id": "shop"})
    settings: Any = {"key": "unique_id,shop", **FEW_TREES}
    notes = run_job(tmp_path, demand, covariates={"c.parquet": table}, **settings).quality["notes"]
    assert notes[0].startswith("covariates: 1 key of 2 without a row in the table of price, e.g. south.")


def test_rows_for_less_than_half_of_the_series_are_a_warning(tmp_path: Path) -> None:
    quality = run(tmp_path, static=static_of(KEYS[:1])).quality
    (warning,) = quality["warnings"]
    assert warning.startswith("static: 3 series of 4 without a row, e.g. A001, A002, A003")


@pytest.mark.parametrize("keys", [pl.Series([10.0, 20.0]), pl.Series(["10.0", "20.0"]), pl.Series(["10", "20"])])
def test_whole_numbers_written_as_floats_meet_whole_numbers(tmp_path: Path, keys: pl.Series) -> None:
    demand = DEMAND.filter(pl.col("unique_id") <= "A001").with_columns(
        unique_id=pl.when(pl.col("unique_id") == "A000").then(10).otherwise(20)
    )
    quality = run_job(tmp_path, demand, static=static_of(keys), **FEW_TREES).quality  # type: ignore[arg-type]
    assert (quality["warnings"], quality["notes"]) == ([], [])
    assert quality["input"]["series_without_static_row"] == 0
