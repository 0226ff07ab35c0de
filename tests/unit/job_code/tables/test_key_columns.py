"""Keys keep their identity over files of different types, and the forecasts have a type that every reader knows."""

from pathlib import Path

import duckdb
import polars as pl
import pyarrow.parquet as pq
import pytest

from tests.demand import Finished, run_job, shop


def with_keys(keys: pl.Series) -> pl.DataFrame:
    """Return the demand of two series with other keys."""
    rows = shop(2, 40)
    return rows.with_columns(unique_id=keys.gather(rows["unique_id"].rank("dense") - 1))


def run_on(folder: Path, old: pl.DataFrame, new: pl.DataFrame) -> Finished:
    dates = old["ds"].unique().sort()
    files = {
        "old.parquet": old.filter(pl.col("ds") <= dates[19]),
        "new.parquet": new.filter(pl.col("ds") > dates[19]),
    }
    return run_job(folder, files, n_estimators=5, horizon=2)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (pl.Series([7, 2**53 + 2]), pl.Series([7, 2**53 + 2], dtype=pl.UInt64), pl.Series([7, 2**53 + 2])),
        (pl.Series([7, 8]), pl.Series([7.0, 8.0]), pl.Series([7, 8])),
        (pl.Series([7.0, 8.0]), pl.Series([7.0, 8.0]), pl.Series([7, 8])),
        (pl.Series([7, 8], dtype=pl.Int32), pl.Series([7, 8], dtype=pl.Int32), pl.Series([7, 8], dtype=pl.Int32)),
        (pl.Series([7, 8], dtype=pl.UInt8), pl.Series([7, 8], dtype=pl.UInt8), pl.Series([7, 8])),
        (pl.Series([7, 8]).cast(pl.Decimal(38, 0)), pl.Series([7, 8]), pl.Series([7, 8])),
        (pl.Series([7.0, 8.0]), pl.Series(["7", "8"]), pl.Series(["7", "8"])),
        (pl.Series(["7", "8"]).cast(pl.Categorical), pl.Series([7, 8]), pl.Series(["7", "8"])),
        (pl.Series([True, False]), pl.Series([True, False]), pl.Series([False, True])),
    ],
)
def test_two_files_have_the_same_series(tmp_path: Path, old: pl.Series, new: pl.Series, expected: pl.Series) -> None:
    finished = run_on(tmp_path, with_keys(old), with_keys(new))
    assert finished.quality["input"]["series"] == 2
    assert finished.quality["repairs"]["ended_series"] == 0
    keys = finished.forecasts["unique_id"].unique().sort()
    assert keys.to_list() == expected.to_list()
    assert keys.dtype == expected.dtype


def test_pandas_and_duckdb_read_the_keys_of_the_forecasts(tmp_path: Path) -> None:
    key = pl.Series([2**53 + 1, 2**53 + 3])
    finished = run_on(tmp_path, with_keys(key), with_keys(key.cast(pl.UInt64)))
    files = sorted(map(str, finished.folder.rglob("part-*.parquet")))
    by_pandas = pq.ParquetDataset(files).read().to_pandas()
    by_duckdb = duckdb.read_parquet(files).fetchall()
    assert set(by_pandas["unique_id"]) == {row[0] for row in by_duckdb} == set(key)
