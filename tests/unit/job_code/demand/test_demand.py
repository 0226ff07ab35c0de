from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from job_code.demand.demand_rows import VALUE
from job_code.errors import InputError
from job_code.times.moments import MOMENT
from tests.demand import problems, series, sharded, shop

AFTERNOON = datetime(2026, 11, 16, 13)  # noqa: DTZ001 (most feeds have no time zone)
SOUND = series({"A": [1.0, 2.0, 3.0, 4.0], "B": [5.0, 6.0, 7.0, 8.0]})


def with_column(name: str, values: list[Any], dtype: Any = None) -> pl.DataFrame:
    return SOUND.with_columns(pl.Series(name, (values * 8)[:8], dtype=dtype, strict=False))


@pytest.mark.parametrize(
    ("column", "values", "dtype", "expected"),
    [
        ("y", ["many"], pl.String, "8 rows with something other than a number in y, e.g. 'many' in row 1 of a.parquet"),
        ("y", ["many"], pl.Categorical, "8 rows with something other than a number in y"),
        ("y", [True], pl.Boolean, "8 rows with something other than a number in y, e.g. True in"),
        ("y", [date(2026, 1, 1)], pl.Date, "8 rows with something other than a number in y, e.g. 2026-01-01 in"),
        ("y", [[1.0]], pl.List(pl.Float64), "8 rows with something other than a number in y"),
        ("y", [b"\xff\xfe"], pl.Binary, "8 rows with something other than a number in y"),
        (
            "y",
            [float("inf"), 1.0],
            pl.Float64,
            "4 rows with an infinite value, or a value beyond 1e+30, in y, e.g. inf",
        ),
        ("y", [float("-inf")] + [1.0] * 7, pl.Float64, "1 row with an infinite value"),
        (
            "y",
            [1e300] + [1.0] * 7,
            pl.Float64,
            "1 row with an infinite value, or a value beyond 1e+30, in y, e.g. 1e+3",
        ),
        (
            "ds",
            ["11/16/2026"],
            pl.String,
            "8 rows without a readable date in ds, e.g. '11/16/2026' in row 1 of a.parquet",
        ),
        ("ds", ["2026-02-30"], pl.String, "8 rows without a readable date"),
        ("ds", [None], pl.Date, "8 rows without a readable date in ds, e.g. None"),
        ("ds", [20261131], pl.Int64, "8 rows without a readable date in ds, e.g. 20261131"),
        ("ds", [1.5], pl.Float64, "8 rows without a readable date"),
        ("ds", [date(9999, 12, 31)], pl.Date, "8 rows dated before 1900 or after 2199 in ds, e.g. 9999-12-31"),
        ("ds", ["0001-01-01"], pl.String, "8 rows dated before 1900 or after 2199"),
        ("ds", [AFTERNOON], pl.Datetime, "8 rows with a time of day in ds, e.g. 2026-11-16 13:00:00"),
        ("ds", ["2026-11-16 13:00:00"], pl.String, "8 rows with a time of day in ds, e.g. '2026-11-16 13:00:00'"),
        ("ds", ["2026-11-16T00:00:01"], pl.String, "8 rows with a time of day in ds"),
        ("unique_id", [None, "A"], pl.String, "4 rows without a complete key (unique_id)"),
        ("unique_id", [None], pl.Null, "8 rows without a complete key (unique_id)"),
        ("unique_id", ["A", ""], pl.String, "4 rows without a complete key (unique_id), e.g. '' in row 2 of a.parquet"),
        ("unique_id", [float("nan"), 1.0], pl.Float64, "4 rows without a complete key (unique_id), e.g. nan in row 1"),
        ("unique_id", [1.0, 1.5], pl.Float64, "4 rows with a key that is no exact whole number in unique_id, e.g. 1.5"),
        ("unique_id", [1.0, 2.0**53], pl.Float64, "4 rows with a key that is no exact whole number in unique_id"),
        ("unique_id", [1, 2**64 - 1], pl.UInt64, "4 rows with a key that is no exact whole number in unique_id"),
        ("unique_id", [[1], [2]], pl.List(pl.Int64), "the key column unique_id has the type List(Int64). Use text"),
    ],
)
def test_invalid_rows_are_counted_with_examples(
    tmp_path: Path, column: str, values: list[Any], dtype: Any, expected: str
) -> None:
    (message,) = problems(tmp_path, {"a.parquet": with_column(column, values, dtype)}, frequency="W", aggregate="none")[
        :1
    ]
    assert message.startswith(f"demand: {expected}")
    assert message.rpartition(". ")[2]


def test_text_in_the_target_of_one_csv_file_is_reported(tmp_path: Path) -> None:
    spoiled = SOUND.with_columns(pl.col("y").cast(pl.String)).with_columns(
        pl.when(pl.int_range(pl.len()) == 5).then(pl.lit("n/a")).otherwise("y").alias("y")
    )
    assert problems(tmp_path, {"x/a.csv": shop(3, 20), "x/b.csv": spoiled}) == [
        "demand: 1 row with something other than a number in y, e.g. 'n/a' in line 7 of x/b.csv. "
        "Replace the values by numbers, or leave them empty"
    ]


@pytest.mark.parametrize(
    "column",
    [
        pl.Series("ds", [date(2026, 11, 16)]),
        pl.Series("ds", [date(2026, 11, 16)]).cast(pl.Datetime("ns")),
        pl.Series("ds", [date(2026, 11, 16)]).cast(pl.Datetime("ms")),
        pl.Series("ds", [datetime(2026, 11, 15, 23, tzinfo=UTC)]).dt.convert_time_zone("Europe/Berlin"),
        pl.Series("ds", [datetime(2026, 11, 16, tzinfo=ZoneInfo("Asia/Tokyo"))]).dt.convert_time_zone("Asia/Tokyo"),
        pl.Series("ds", ["2026-11-16"]),
        pl.Series("ds", [" 2026-11-16 "]),
        pl.Series("ds", ["2026-11-16 00:00:00"]),
        pl.Series("ds", ["2026-11-16T00:00:00"]),
        pl.Series("ds", ["2026-11-16"], dtype=pl.Categorical),
    ],
)
def test_dates_of_every_type(tmp_path: Path, column: pl.Series) -> None:
    rows = pl.DataFrame({"unique_id": ["A"], "y": [1.0]}).with_columns(column)
    assert sharded(tmp_path, {"a.parquet": rows})[1][MOMENT].to_list() == [20_773 * 1440]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pl.Series("y", [3, None], dtype=pl.Int8), [3.0, None]),
        (pl.Series("y", [3, None], dtype=pl.UInt64), [3.0, None]),
        (pl.Series("y", [Decimal("3.25"), None]), [3.25, None]),
        (pl.Series("y", [3.5, float("nan")]), [3.5, None]),
        (pl.Series("y", [3.5, None], dtype=pl.Float32), [3.5, None]),
        (pl.Series("y", [" 3.5", ""]), [3.5, None]),
        (pl.Series("y", ["3e1", "NaN"]), [30.0, None]),
        (pl.Series("y", ["3", None], dtype=pl.Categorical), [3.0, None]),
        (pl.Series("y", [None, None], dtype=pl.Null), [None, None]),
    ],
)
def test_numbers_of_every_type(tmp_path: Path, column: pl.Series, expected: list[float | None]) -> None:
    rows = pl.DataFrame({"unique_id": ["A", "B"], "ds": [date(2026, 11, 16)] * 2}).with_columns(column)
    assert sharded(tmp_path, {"a.parquet": rows})[1][VALUE].to_list() == expected


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        (pl.Series([1, 2], dtype=pl.Int32), pl.Series([2, 3], dtype=pl.Int64), [1, 2, 2, 3]),
        (pl.Series([1, 2]), pl.Series([2.0, 3.0]), [1.0, 2.0, 2.0, 3.0]),
        (pl.Series([1, 2]), pl.Series(["2", "x"]), ["1", "2", "2", "x"]),
        (pl.Series(["a", "b"], dtype=pl.Categorical), pl.Series(["b", "c"]), ["a", "b", "b", "c"]),
        (pl.Series([1, 2]), pl.Series([], dtype=pl.Null), [1, 2]),
        (pl.Series(["a"]), pl.Series([], dtype=pl.Int64), ["a"]),
    ],
)
def test_keys_of_different_types_in_several_files_get_one_type(
    tmp_path: Path, first: pl.Series, second: pl.Series, together: list[object]
) -> None:
    def table(keys: pl.Series) -> pl.DataFrame:
        return pl.DataFrame({"unique_id": keys}).with_columns(
            ds=pl.lit(date(2026, 11, 16)), y=pl.lit(1.0), more=pl.lit(0)
        )

    demand, rows = sharded(tmp_path, {"a.parquet": table(first), "b.parquet": table(second)})
    assert rows["unique_id"].to_list() == together
    assert demand.files == 2
    assert demand.ignored_columns == ("more",)


def test_keys_of_any_script_and_several_columns_are_kept(tmp_path: Path) -> None:
    rows = pl.DataFrame(
        {
            "len": ["größe 4", "商品", "a,b", " ", "<b>"],
            "merchant": [1, 1, 2, 2, 2],
            "week": [date(2026, 11, 16)] * 5,
            "units": [1, 2, 3, 4, 5],
        }
    )
    settings: dict[str, Any] = {"key": "len,merchant", "time": "week", "target": "units"}
    for name in ("a.parquet", "a.csv"):
        _, read = sharded(tmp_path / name, {name: rows[:3]}, **settings)
        assert read.select("len", VALUE).rows() == [("a,b", 3), ("größe 4", 1), ("商品", 2)]
    _, read = sharded(tmp_path / "all", {"a.parquet": rows}, **settings)
    assert read.drop(MOMENT).rows() == rows.drop("week").sort("len", "merchant").rows()


def test_files_without_a_row_are_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"demand: 2 files without a single row\. Upload demand"):
        sharded(tmp_path, {"a.parquet": SOUND[:0], "b.csv": SOUND[:0]})
