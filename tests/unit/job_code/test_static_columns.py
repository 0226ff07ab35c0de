from pathlib import Path

import polars as pl
import pytest

from job_code.findings import Findings
from job_code.static_columns import MOST_CATEGORIES, StaticColumns, encode_static, read_static
from tests.demand import configured, run_job, shop, write

KEYS = pl.DataFrame({"unique_id": ["00001", "00002", "00003"]})


def encoded(
    folder: Path, files: dict[str, pl.DataFrame | bytes], keys: pl.DataFrame = KEYS, **settings: object
) -> StaticColumns:
    findings = Findings()
    rows = read_static(write(folder, files), configured(**settings), findings)
    findings.raise_if_any()
    return encode_static(rows, keys)


def said(folder: Path, files: dict[str, pl.DataFrame | bytes]) -> list[str]:
    findings = Findings()
    read_static(write(folder, files), configured(), findings)
    return findings.messages()


def table(**columns: pl.Series | list[object]) -> pl.DataFrame:
    return KEYS.with_columns(**{name: pl.Series(name, values, strict=False) for name, values in columns.items()})


@pytest.mark.parametrize("name", ["a.parquet", "a.csv"])
def test_numbers_and_text(tmp_path: Path, name: str) -> None:
    given = table(size=[1.5, None, 3.0], brand=["x", "y", None])
    static = encoded(tmp_path, {name: given})
    assert static.columns["size"].to_list() == [1.5, None, 3.0]
    assert static.columns["brand"].to_list() == [0, 1, None]
    assert static.categorical == ("brand",)
    assert set(static.columns.dtypes) == {pl.Float32}
    assert static.series_without == 0
    assert not static.ignored_columns


def test_other_types(tmp_path: Path) -> None:
    given = table(
        fresh=[True, False, None],
        price=pl.Series([1, 2, 3]).cast(pl.Decimal(10, 2)),
        encoded=pl.Series(["b", "a", "b"], dtype=pl.Categorical),
        endless=[float("inf"), 1.0, None],
        code=["1", "2", "3"],
        listed=[[1], [2], [3]],
        empty=pl.Series([None] * 3, dtype=pl.Null),
        silent=pl.Series([None] * 3, dtype=pl.String),
    )
    static = encoded(tmp_path, {"a.parquet": given})
    assert static.columns["fresh"].to_list() == [1, 0, None]
    assert static.columns["price"].to_list() == [1, 2, 3]
    assert static.columns["encoded"].to_list() == [1, 0, 1]
    assert static.columns["endless"].to_list() == [None, 1, None]
    assert static.columns["code"].to_list() == [0, 1, 2]  # Parquet says it is text
    assert static.categorical == ("encoded", "code", "silent")
    assert [column.split()[0] for column in static.ignored_columns] == ["listed", "empty"]


def test_a_csv_file_s_codes_are_numbers_but_its_keys_stay_text(tmp_path: Path) -> None:
    static = encoded(tmp_path, {"a.csv": table(code=[7, 8, 9])})
    assert static.series_without == 0
    assert static.columns["code"].to_list() == [7, 8, 9]
    assert not static.categorical


@pytest.mark.parametrize(
    ("keys", "given"),
    [
        (pl.Series([1, 2, 3], dtype=pl.Int64), pl.Series([3, 2, 1], dtype=pl.Int16)),
        (pl.Series([1, 2, 3], dtype=pl.Int32), pl.Series([3, 2, 1], dtype=pl.UInt64)),
        (pl.Series([1, 2, 3], dtype=pl.Int64), pl.Series(["3", "2", "1"])),
        (pl.Series(["1", "2", "3"]), pl.Series([3, 2, 1])),
        (pl.Series(["1", "2", "3"]), pl.Series(["3", "2", "1"], dtype=pl.Categorical)),
    ],
)
def test_keys_are_found_whatever_their_type(tmp_path: Path, keys: pl.Series, given: pl.Series) -> None:
    rows = pl.DataFrame({"unique_id": given, "size": [30, 20, 10]})
    static = encoded(tmp_path, {"a.parquet": rows}, pl.DataFrame({"unique_id": keys}))
    assert static.columns["size"].to_list() == [10, 20, 30]
    assert static.series_without == 0


def test_rows_of_other_series_and_missing_rows(tmp_path: Path) -> None:
    rows = pl.DataFrame({"unique_id": ["00003", "other"], "size": [3.0, 9.0]})
    static = encoded(tmp_path, {"a.parquet": rows})
    assert static.columns["size"].to_list() == [None, None, 3.0]
    assert static.series_without == 2


def test_several_files_with_columns_in_any_order_and_number_type(tmp_path: Path) -> None:
    files: dict[str, pl.DataFrame | bytes] = {
        "a.parquet": table(size=[1, 2, 3])[:1],
        "b.parquet": table(size=[1.5, 2.5, 3.5])[1:].select("size", "unique_id"),
        "c.csv": pl.DataFrame({"unique_id": ["x"], "size": ["4"]}),
    }
    static = encoded(tmp_path, files)
    assert static.columns["size"].to_list() == [1, 2.5, 3.5]


def test_text_of_too_many_kinds_is_left_out_and_said(tmp_path: Path) -> None:
    keys = pl.DataFrame({"unique_id": [f"{at:04d}" for at in range(MOST_CATEGORIES + 1)]})
    rows = keys.with_columns(name=pl.col("unique_id") + " name", group=pl.lit("g"))
    static = encoded(tmp_path, {"a.parquet": rows}, keys)
    assert static.columns.columns == ["group"]
    assert static.ignored_columns == (f"name (text with more than {MOST_CATEGORIES} different values)",)


def test_what_cannot_be_used_is_said(tmp_path: Path) -> None:
    twice = pl.concat([table(size=[1, 2, 3]), table(size=[1, 2, 3])[:1]])
    assert said(tmp_path / "a", {"a.parquet": twice}) == [
        "static: 1 series with more than one row, e.g. 00001; keep one row per series"
    ]
    different = {"a.parquet": table(size=[1, 2, 3]), "b.parquet": table(weight=[1, 2, 3])}
    assert said(tmp_path / "b", dict(different)) == [
        "static: the files have different columns; give all of them the same"
    ]
    assert said(tmp_path / "c", {"a.parquet": b"PAR1"})[0].startswith("static: 1 file that cannot be read as Parquet")
    assert said(tmp_path / "d", {"a.parquet": table(size=[1, 2, 3]).drop("unique_id")})[0].startswith(
        "static: 1 file without the column unique_id"
    )
    assert said(tmp_path / "e", {})[0].startswith("static: no Parquet or CSV files")


@pytest.mark.parametrize("name", ["y", "ds", "lag1", "größe [cm]"])
def test_a_column_of_any_name_serves_the_model(tmp_path: Path, name: str) -> None:
    keys = [f"A{at:03d}" for at in range(4)]
    static = pl.DataFrame({"unique_id": keys, name: [1.0, 2.0, 3.0, 4.0]})
    finished = run_job(tmp_path, shop(4, 30), static={"a.parquet": static})
    assert finished.quality["input"]["static_columns"] == 1
    assert finished.forecasts.height == 16


@pytest.mark.parametrize("columns", [{}, {"listed": [[1], [2], [3], [4]]}])
def test_no_column_of_use_is_no_harm(tmp_path: Path, columns: dict[str, list[object]]) -> None:
    static = pl.DataFrame({"unique_id": [f"A{at:03d}" for at in range(4)], **columns})
    finished = run_job(tmp_path / "with", shop(4, 30), static={"a.parquet": static})
    assert finished.forecasts.equals(run_job(tmp_path / "without", shop(4, 30)).forecasts)
