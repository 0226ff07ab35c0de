"""A name of a folder like `store=S1` is a column of the files below it."""

from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from job_code.errors import InputError
from job_code.tables.table_files import open_tables
from job_code.tables.validation_report import ValidationReport, plural
from tests.demand import configured, write

ROWS = pl.DataFrame({"unique_id": ["00123", "00124"], "ds": ["2026-11-09", "2026-11-16"], "y": ["1", "2"]})
COLUMNS = ["unique_id", "ds", "y"]
CSV = ROWS.write_csv().encode()
MONDAY = datetime(2026, 11, 16)  # noqa: DTZ001 # a local time


def problems(path: Path) -> list[str]:
    """Return the messages about files that cannot be read."""
    findings = ValidationReport()
    open_tables(path, lambda _: COLUMNS, configured(), findings, source="demand")
    return findings.messages()


def in_folders(folder: Path, names: list[str], rows: pl.DataFrame = ROWS) -> pl.DataFrame:
    """Return the rows of equal files in folders with the given names, with the column of the folders."""
    columns = ["store", *COLUMNS]
    findings = ValidationReport()
    path = write(folder, {f"{name}/a.parquet": rows for name in names})
    tables = open_tables(path, lambda _: columns, configured(key="store,unique_id"), findings, source="demand")
    findings.raise_if_any()
    assert all(table.other_columns == () for table in tables)
    return pl.concat(batch for table in tables for batch in table.batches(1))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["store=1", "store=20"], pl.Series([1, 1, 20, 20])),
        (["store=1", "store=S2"], pl.Series(["1", "1", "S2", "S2"])),
        (["store=01", "store=02"], pl.Series(["01", "01", "02", "02"])),
        (["store=5", "store=__HIVE_DEFAULT_PARTITION__"], pl.Series([5, 5, None, None])),
        (["store=A%2FB/year=2026", "year=2026/store=C"], pl.Series(["A/B", "A/B", "C", "C"])),
    ],
)
def test_a_column_in_the_names_of_folders_is_a_column(tmp_path: Path, names: list[str], expected: pl.Series) -> None:
    rows = in_folders(tmp_path, names)
    assert rows.columns == ["store", *COLUMNS]
    assert rows["store"].equals(expected)


def test_copies_in_different_folders_are_no_copies(tmp_path: Path) -> None:
    folder = write(tmp_path, {f"store={name}/a.csv": CSV for name in ("S1", "S2")} | {"store=S2/b.csv": CSV})
    findings = ValidationReport()
    config = configured(key="store,unique_id")
    open_tables(folder, lambda _: ["store", *COLUMNS], config, findings, source="demand")
    (message,) = findings.messages()
    assert "e.g. store=S2/b.csv (the same as store=S2/a.csv)" in message


def test_a_column_of_the_file_precedes_its_folder(tmp_path: Path) -> None:
    rows = in_folders(tmp_path, ["store=1"], ROWS.with_columns(store=pl.lit("inside")))
    assert rows["store"].unique().to_list() == ["inside"]


def test_a_folder_without_the_column_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"1 file without the column store, e\.g\. shop=1/a\.parquet"):
        in_folders(tmp_path, ["shop=1", "store=2"])


@pytest.mark.parametrize(
    ("folder", "column", "other"),
    [
        ("unique_id=ZZZ", pl.Series("unique_id", ["A", "ZZZ", None]), 2),
        ("unique_id=7", pl.Series("unique_id", [7, 7, 8]), 1),
        ("unique_id=7", pl.Series("unique_id", [7.0, 7.0, 7.0]), 0),
        ("unique_id=A", pl.Series("unique_id", [1, 2, 3]), 3),
        ("unique_id=__HIVE_DEFAULT_PARTITION__", pl.Series("unique_id", [None, "A", None]), 1),
        ("ds=2026-11-16", pl.Series("ds", [MONDAY.replace(hour=5), MONDAY + timedelta(days=1), None]), 2),
        ("ds=2026-11-16", pl.Series("ds", [date(2026, 11, 16)] * 3), 0),
    ],
)
def test_rows_that_contradict_their_folder_are_noted(
    tmp_path: Path, folder: str, column: pl.Series, other: int
) -> None:
    rows = pl.DataFrame({"unique_id": "A", "ds": date(2026, 11, 16), "y": [1, 2, 3]}).with_columns(column)
    findings = ValidationReport()
    write(tmp_path, {f"{folder}/a.parquet": rows})
    (file,) = open_tables(tmp_path, lambda _: COLUMNS, configured(), findings, source="demand")
    assert pl.concat(file.batches(2, findings=findings))[column.name].to_list() == column.to_list()
    assert [batch.columns for batch in file.only(["y"]).batches(3, findings=ValidationReport())] == [["y"]]
    expected = (
        f"demand: {plural(other, 'row')} with another {column.name} than the name of their folder, and that of the "
        f"file is used, e.g. {folder}/a.parquet. Rename the folder if it is wrong"
    )
    assert findings.messages("note") == ([expected] if other else [])


def test_a_folder_above_the_input_does_not_add_a_column(tmp_path: Path) -> None:
    folder = write(tmp_path / "unique_id=S1", {"x/a.parquet": ROWS.drop("unique_id")})
    for path in (folder, folder / "x", folder / "x" / "a.parquet"):
        assert [line.partition("). ")[2] for line in problems(path)] == [
            "Give the folder that has unique_id=S1 as the input, because the name of a folder is a column"
        ]
    assert problems(tmp_path) == []


def test_folders_that_hold_parts_of_a_date_are_named(tmp_path: Path) -> None:
    write(tmp_path, {"year=2026/month=11/a.parquet": ROWS.drop("ds")})
    assert problems(tmp_path) == [
        "demand: 1 file without the column ds, e.g. year=2026/month=11/a.parquet (it has unique_id, y; its folders "
        "have year, month). Add the column, or set key, time and target to existing columns, or name a folder ds=VALUE"
    ]
