from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from job_code.demand.work_sizes import WorkSizes
from job_code.files.reader import Reader, Reading
from job_code.run_request import RunRequest
from job_code.tables.file_splits import Part, split
from job_code.tables.table_files import TableFile
from tests.demand import LAST, ONE, RUN, configured, context_of, prepared, problems, series, sharded, shop, stacked


@dataclass(frozen=True, kw_only=True)
class NoReader(Reader):
    """A reader of no content, because `split` needs the number of rows alone."""

    is_divisible: bool

    @property
    def divisible(self) -> bool:
        return self.is_divisible

    def batches(self, columns: Sequence[str], reading: Reading) -> Iterator[pl.DataFrame]:
        raise NotImplementedError


def file_of(name: str, rows: int, *, divisible: bool) -> TableFile:
    path = Path(name)
    reader = NoReader(path=path, format_name="", schema={}, rows=rows, is_divisible=divisible)
    return TableFile(path=path, name=name, source="demand", columns={}, other_columns=(), reader=reader)


def files(*rows: int, csv: tuple[int, ...] = ()) -> list[TableFile]:
    return [file_of(f"p{at}", count, divisible=True) for at, count in enumerate(rows)] + [
        file_of(f"c{at}", count, divisible=False) for at, count in enumerate(csv)
    ]


def size(parts: list[Part]) -> int:
    return sum(part.file.rows if part.rows is None else part.rows for part in parts)


@pytest.mark.parametrize("count", [1, 2, 3, 8])
def test_every_row_is_in_one_part(count: int) -> None:
    random = np.random.default_rng(count)
    for _ in range(100):
        tables = files(*random.integers(0, 30, random.integers(0, 6)), csv=tuple(random.integers(0, 30, 2)))
        random.shuffle(tables)
        lists = split(tables, count)
        assert 1 <= len(lists) <= count
        assert all(lists)
        rows: Counter[tuple[str, int]] = Counter()
        for part in (part for parts in lists for part in parts):
            if part.rows is None:
                assert part.first == 0
                rows.update((part.file.name, at) for at in range(part.file.rows))
            else:
                assert part.file.divisible
                rows.update((part.file.name, at) for at in range(part.first, part.first + part.rows))
        assert rows == Counter((file.name, at) for file in tables for at in range(file.rows))
        assert {part.file.name for parts in lists for part in parts} == {file.name for file in tables}


@pytest.mark.parametrize("count", [2, 3, 8])
def test_parts_have_about_equal_rows(count: int) -> None:
    for tables in (files(1000), files(*[10] * 100), files(1, 990, 9), files(0, 500, 0, 500)):
        lists = split(tables, count)
        assert len(lists) == count
        assert max(map(size, lists)) <= -(-1000 // count)
        assert min(map(size, lists)) >= 1000 // count - count
    weeks = split(files(csv=(10,) * 104), 4)
    assert [size(parts) for parts in weeks] == [260] * 4


def test_few_rows_give_few_parts() -> None:
    assert [size(parts) for parts in split(files(2), 8)] == [1, 1]
    assert [size(parts) for parts in split(files(0, 0), 8)] == [0]
    assert len(split(files(csv=(100,)), 8)) == 1


@pytest.mark.parametrize(("rows", "workers"), [((99,), 1), ((250,), 2), ((100, 900), 3), ((0,), 1)])
def test_as_many_workers_share_files_as_their_rows_keep_busy(
    tmp_path: Path, rows: tuple[int, ...], workers: int
) -> None:
    request = RunRequest(run_id=RUN, partition="all", inputs={}, config=configured())
    context = context_of(request, tmp_path, WorkSizes(rows_worth_a_worker=100), workers=3)
    assert len(context.shares(files(*rows))) == workers


SIZES = {
    "small batches": WorkSizes(rows_per_batch=7),
    "many shards": WorkSizes(rows_per_shard=50),
    "several writers": WorkSizes(rows_worth_a_worker=1),
    "small chunks": WorkSizes(values_per_chunk=70),
    "all": WorkSizes(rows_per_batch=11, rows_per_shard=60, rows_worth_a_worker=1, values_per_chunk=90),
}


@pytest.mark.parametrize("name", SIZES)
def test_the_panel_does_not_depend_on_the_sizes(tmp_path: Path, name: str) -> None:
    demand = pl.concat([shop(20, 30), series({"new": [1.0], "gaps": [1.0, None, None, 4.0], "zero": [0.0] * 9})])
    shuffled = demand.sample(fraction=1, shuffle=True, seed=3)
    whole = prepared(tmp_path / "one", {"a.parquet": demand}, configured())
    parts: dict[str, pl.DataFrame | bytes] = {"a.parquet": shuffled[:200], "b.csv": shuffled[200:], "c.csv": demand[:0]}
    split_up = prepared(tmp_path / "many", parts, configured(), sizes=SIZES[name], workers=3)
    expected, panel = stacked(whole), stacked(split_up)
    assert panel.keys.equals(expected.keys)
    assert panel.first_period.tolist() == expected.first_period.tolist()
    assert panel.values.tolist() == expected.values.tolist()
    assert panel.observed.tolist() == expected.observed.tolist()
    assert split_up.repairs == whole.repairs
    assert split_up.counts == whole.counts
    assert split_up.stratum_counts.series.tolist() == whole.stratum_counts.series.tolist()
    assert split_up.stratum_counts.values.tolist() == whole.stratum_counts.values.tolist()
    assert split_up.recent == pytest.approx(whole.recent)
    assert (len(split_up.chunks) > 1) == ("shards" in name or "chunks" in name or name == "all")
    assert not list((tmp_path / "many" / "shards").iterdir())


@pytest.mark.parametrize("name", SIZES)
def test_the_messages_do_not_depend_on_the_sizes(tmp_path: Path, name: str) -> None:
    demand = shop(20, 30).with_row_index("at")
    twice = demand.filter(pl.col("at") % 70 == 5)
    odd = demand.with_columns(pl.when(pl.col("at") % 50 == 7).then(pl.col("ds") + pl.duration(days=1)).otherwise("ds"))
    spoiled = pl.concat([odd, twice]).with_columns(
        pl.when(pl.col("at") % 90 == 3)
        .then(-pl.col("y"))
        .when(pl.col("at") == 99)
        .then(1e40)
        .otherwise("y")
        .alias("y"),
        pl.when(pl.col("at") == 300).then(None).otherwise("unique_id").alias("unique_id"),
    )
    parts: dict[str, pl.DataFrame | bytes] = {
        "a.parquet": spoiled[:400],
        "b.csv": spoiled[400:],
        "bad.parquet": b"PAR1",
    }
    settings: dict[str, Any] = {"negative_rule": "error", "cutoff": "2030-01-07"}
    expected = problems(tmp_path / "one", parts, **settings)
    assert len(expected) == 7
    messages = problems(tmp_path / "many", parts, sizes=SIZES[name], workers=3, **settings)
    assert sorted(messages) == sorted(expected)  # the order depends on which worker is first


def test_the_number_of_shards_depends_on_the_rows(tmp_path: Path) -> None:
    demand, _ = sharded(tmp_path, {"a.parquet": shop(40, 50)}, sizes=WorkSizes(rows_per_shard=300))
    assert demand.shards == 7
    assert ONE.shards(0) == ONE.shards(1) == ONE.shards(ONE.rows_per_shard) == 1
    assert ONE.shards(ONE.rows_per_shard + 1) == 2


@pytest.mark.parametrize("workers", [1, 2])
def test_the_files_of_all_workers_show_the_decimal_sign(tmp_path: Path, workers: int) -> None:
    """One value like 1.250 in one file a week is no decimal number, because other weeks have whole numbers."""
    sizes = WorkSizes(rows_worth_a_worker=40)
    days = [LAST - timedelta(weeks=week) for week in range(60)]
    text = {
        day: "".join(f"A{key},{day},{'1.250' if key == 3 and at == 20 else key * 10}\n" for key in range(4))
        for at, day in enumerate(days)
    }
    files = {f"{day}.csv": f"unique_id,ds,y\n{rows}".encode() for day, rows in text.items()}
    assert problems(tmp_path / "all", files, sizes=sizes, workers=workers) == [
        "demand: 1 file whose column y has points that may separate thousands or decimals, e.g. 2026-06-29.csv "
        "('1.250' and '0'). Set `decimal` to the decimal sign; the other sign then separates thousands"
    ]
    assert problems(tmp_path / "set", files, sizes=sizes, workers=workers, decimal=",") == []
