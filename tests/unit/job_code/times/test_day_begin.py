"""A day begins later only if some file has a time of day, as plain or dictionary-encoded text."""

from pathlib import Path

import polars as pl
import pytest

from job_code.runtime.process_pool import ProcessPool
from job_code.tables.file_splits import Part, split
from job_code.tables.table_files import open_tables
from job_code.tables.validation_report import ValidationReport
from job_code.times.day_begin import with_day_begin
from job_code.times.moments import MOMENT, TimeColumn
from tests.demand import configured, write

CONFIG = configured(frequency="D", day_begins_at=6)


@pytest.mark.parametrize("dtype", [pl.String, pl.Categorical, pl.Enum(["2026-11-15 00:00", "2026-11-16 02:00"])])
@pytest.mark.parametrize(("time", "begins_at"), [("2026-11-16 02:00", 360), ("2026-11-15 00:00", 0)])
def test_times_in_text_of_any_type_are_found(tmp_path: Path, dtype: pl.DataType, time: str, begins_at: int) -> None:
    table = pl.DataFrame({"ds": ["2026-11-15 00:00", time]}, schema={"ds": dtype})
    (file,) = open_tables(
        write(tmp_path, {"a.parquet": table}), lambda names: names, CONFIG, ValidationReport(), source="demand"
    )
    column = with_day_begin(TimeColumn.of(CONFIG), [[Part(file)]], ProcessPool(1))
    assert column.day_begins_at == begins_at
    moments = column.read(table)[0][MOMENT]
    assert moments.to_list() == column.read(table.cast(pl.String))[0][MOMENT].to_list()
    assert moments.null_count() == 0


@pytest.mark.parametrize("place", [0, 1, 3, None])
def test_a_time_in_any_share_moves_the_begin_of_all(tmp_path: Path, place: int | None) -> None:
    days = [f"2026-11-1{day} 00:00" for day in range(4)]
    texts = [day.replace("00:00", "02:00") if at == place else day for at, day in enumerate(days)]
    table = pl.DataFrame({"ds": texts})
    files = open_tables(
        write(tmp_path, {"a.parquet": table[:2], "b.parquet": table[2:]}),
        lambda names: names,
        CONFIG,
        ValidationReport(),
        source="demand",
    )
    shares = split(files, 2)
    assert len(shares) == 2
    with ProcessPool(2) as workers:
        found = with_day_begin(TimeColumn.of(CONFIG), shares, workers)
    assert found.day_begins_at == (0 if place is None else 360)
