"""Rows that two files have in common count twice when rows are added. A warning names the files and the days."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from job_code.demand.file_overlaps import DigestCollector, RowDigests
from job_code.demand.work_sizes import WorkSizes
from job_code.tables.validation_report import ValidationReport
from tests.demand import run_job, sharded

BEGIN = datetime(2026, 5, 1, tzinfo=UTC).replace(tzinfo=None)
SALES = pl.DataFrame(
    [
        (f"A{item:02d}", BEGIN + timedelta(hours=5 * sale + item % 3, minutes=7 * item), 2.0 + (sale + item) % 5)
        for item in range(10)
        for sale in range(300)
    ],
    schema={"unique_id": pl.String, "ds": pl.Datetime("us"), "y": pl.Float64},
    orient="row",
)
OLD = SALES.filter(pl.col("ds") < datetime(2026, 6, 15))  # noqa: DTZ001 (most feeds have no time zone)
NEW = SALES.filter(pl.col("ds") >= datetime(2026, 6, 5, 9))  # noqa: DTZ001
WEEKLY = {"frequency": "W-MON", "aggregate": "sum"}


def warnings_of(folder: Path, files: dict[str, pl.DataFrame], **settings: Any) -> list[str]:
    sizes = WorkSizes(rows_per_batch=170)
    demand, _ = sharded(folder, files, sizes=sizes, **(WEEKLY | settings))
    findings = ValidationReport()
    demand.digests.report(findings)
    assert (findings.messages(), findings.messages("note")) == ([], [])
    return findings.messages("warning")


@pytest.mark.parametrize("settings", [{}, {"aggregate": "auto"}, {"aggregate": "mean", "frequency": "D"}])
def test_overlapping_extracts_are_a_warning(tmp_path: Path, settings: dict[str, Any]) -> None:
    rows = NEW.filter(pl.col("ds").is_between(datetime(2026, 6, 6), datetime(2026, 6, 15), closed="left"))  # noqa: DTZ001
    expected = [
        f"demand: {rows.height} rows with the key, time and value of a row in another file, which are added, e.g. "
        "2026-06-06 to 2026-06-14 in a.parquet and b.csv. Remove them from one of the files, unless they are "
        "different sales"
    ]
    files = {"a.parquet": OLD, "b.csv": NEW.sample(fraction=1.0, shuffle=True, seed=0)}
    assert warnings_of(tmp_path, files, **settings) == expected


def test_dates_without_times_overlap_too(tmp_path: Path) -> None:
    days = SALES.group_by("unique_id", pl.col("ds").dt.date()).agg(pl.col("y").sum())
    middle = days["ds"].unique().sort()[30]
    files = {
        "a.csv": days.filter(pl.col("ds") <= middle),
        "b.csv": days.filter(pl.col("ds") >= middle - timedelta(days=9)),
    }
    (warning,) = warnings_of(tmp_path, files)
    assert warning.startswith("demand: 100 rows with the key, time and value of a row in another file")


def test_three_copies_are_counted_once_each(tmp_path: Path) -> None:
    june = SALES.filter(pl.col("ds").dt.month() == 6)
    files = {"a.csv": SALES, "b.csv": june, "c.csv": june[::-1]}
    (warning,) = warnings_of(tmp_path, files)
    assert warning.startswith(f"demand: {2 * june.height:,} rows with the key")
    assert "in a.csv and b.csv, 2026-06-01 to 2026-06-30 in a.csv and c.csv" in warning


@pytest.mark.parametrize(
    ("files", "settings"),
    [
        ({"a.csv": OLD, "b.csv": SALES.filter(pl.col("ds") >= datetime(2026, 6, 15))}, {}),  # noqa: DTZ001
        ({"a.csv": OLD, "b.csv": NEW.with_columns(pl.col("y") + 1)}, {}),
        ({"a.csv": OLD, "b.csv": NEW.with_columns(pl.col("ds") + timedelta(minutes=1))}, {}),
        ({"a.csv": OLD, "b.csv": NEW.with_columns(pl.col("y").reverse())}, {}),
        ({"a.csv": OLD, "b.csv": NEW.with_columns(unique_id=pl.lit("B") + pl.col("unique_id"))}, {}),
        ({"a.csv": OLD.with_columns(y=0.0), "b.csv": NEW.with_columns(y=0.0)}, {}),
        ({"a.csv": OLD, "b.csv": NEW}, {"aggregate": "max"}),
        ({"a.csv": OLD[:30], "b.csv": OLD[:2]}, {}),
    ],
)
def test_other_files_have_no_finding(tmp_path: Path, files: dict[str, pl.DataFrame], settings: dict[str, Any]) -> None:
    assert warnings_of(tmp_path, files, **settings) == []


def test_a_digest_depends_on_every_row_and_on_no_order() -> None:
    random = np.random.default_rng(0)
    rows = pl.DataFrame(
        {"_moment": random.integers(0, 1_440, 500, dtype=np.int32), "_value": random.random(500, dtype=np.float32)}
    )
    hashes = random.integers(0, 2**64, 500, dtype=np.uint64)

    def digest(*pieces: slice, shift: int = 0) -> int:
        chosen = [
            RowDigests.of(rows[each].with_columns(pl.col("_moment") + shift), hashes[each], "a") for each in pieces
        ]
        return int(RowDigests.total(chosen).table["digest"][0])

    everything = digest(slice(0, 500))
    assert digest(slice(300, 500), slice(0, 300)) == everything
    assert len({digest(slice(0, size)) for size in range(1, 501)}) == 500


def digest_of(file: str, day: int) -> RowDigests:
    rows = pl.DataFrame({"_moment": np.array([day * 1_440], np.int32), "_value": np.array([1.0], np.float32)})
    return RowDigests.of(rows, np.array([7], np.uint64), file)


def test_digests_are_added_as_they_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("job_code.demand.file_overlaps.MAX_WAITING", 520)
    collector, parts = DigestCollector(), [digest_of(f"file {at % 3}", at % 20) for at in range(600)]
    for part in parts:
        collector.add(part)
        assert len(collector.waiting) <= 11
        assert collector.added.table.height <= 60
    order = ["file", "day"]
    assert collector.total().table.sort(order).equals(RowDigests.total(parts).table.sort(order))


@pytest.mark.parametrize(("limit", "warned"), [(60, True), (59, False), (40, False)])
def test_too_many_digests_take_no_memory(monkeypatch: pytest.MonkeyPatch, limit: int, warned: bool) -> None:
    """Neither the digests before nor those after are enough to compare files."""
    monkeypatch.setattr("job_code.demand.file_overlaps.MAX_DIGESTS", limit)
    monkeypatch.setattr("job_code.demand.file_overlaps.MAX_WAITING", 520)
    collector, findings = DigestCollector(), ValidationReport()
    for file, day in [*((file, day) for file in "ab" for day in range(30)), ("a", 0), ("b", 0)]:
        collector.add(digest_of(file, day))
    total = collector.total()
    assert total.table.height == (60 if warned else 0)
    total.report(findings)
    assert len(findings.messages("warning")) == warned


def test_the_run_warns_of_overlaps(tmp_path: Path) -> None:
    quality = run_job(tmp_path, {"a.parquet": OLD, "b.parquet": NEW}, **WEEKLY, n_estimators=5, horizon=2).quality  # type: ignore[arg-type]
    assert [line for line in quality["warnings"] if "in another file" in line]
