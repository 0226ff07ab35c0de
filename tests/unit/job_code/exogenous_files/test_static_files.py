from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from job_code.demand.work_sizes import WorkSizes
from job_code.errors import InputError
from job_code.exogenous.static_features import StaticEncoding
from job_code.exogenous_files.text_categories import MAX_CATEGORIES
from job_code.preparation.panel_chunks import read_chunk
from tests.demand import LAST, ONE, configured, prepared, run_job, shop

KEYS = pl.DataFrame({"unique_id": ["00001", "00002", "00003"]})
Files = dict[str, pl.DataFrame | bytes]


@dataclass(frozen=True)
class Encoded:
    """Static columns as numbers, sorted by key, with their encoding."""

    columns: pl.DataFrame
    encoding: StaticEncoding
    series_without: int

    @property
    def categorical(self) -> tuple[str, ...]:
        return tuple(self.encoding.categories)


def encoded(folder: Path, files: Files, keys: pl.DataFrame = KEYS, *, sizes: WorkSizes = ONE) -> Encoded:
    """Prepare static files with a demand of one row per key, and return the encoded columns."""
    demand = keys.with_columns(ds=pl.lit(LAST), y=pl.lit(1.0))
    config = configured(frequency="W-MON", key=",".join(keys.columns))
    ready = prepared(folder, {"demand.parquet": demand}, config, static=files, sizes=sizes)
    chunks = [read_chunk(chunk.folder, ready.calendar.frequency) for chunk in ready.chunks]
    rows = pl.concat(chunk.panel.keys.hstack(ready.encoding.encode(chunk.static)) for chunk in chunks)
    return Encoded(rows.sort(keys.columns).drop(keys.columns), ready.encoding, ready.series_without_static)


def problems(folder: Path, files: Files, demand: pl.DataFrame | None = None) -> list[str]:
    with pytest.raises(InputError) as error:
        encoded(folder, files, KEYS if demand is None else demand)
    return list(error.value.problems)


def table(**columns: pl.Series | list[object]) -> pl.DataFrame:
    return KEYS.with_columns(**{name: pl.Series(name, values, strict=False) for name, values in columns.items()})


@pytest.mark.parametrize("name", ["a.parquet", "a.csv"])
def test_numbers_and_text(tmp_path: Path, name: str) -> None:
    rows = table(size=[1.5, None, 3.0], brand=["x", "y", None])
    static = encoded(tmp_path, {name: rows})
    assert static.columns["size"].to_list() == [1.5, None, 3.0]
    assert static.columns["brand"].to_list() == [0, 1, None]
    assert static.categorical == ("brand",)
    assert set(static.columns.dtypes) == {pl.Float32}
    assert static.series_without == 0
    assert not static.encoding.ignored


def test_other_types(tmp_path: Path) -> None:
    rows = table(
        fresh=[True, False, None],
        price=pl.Series([1, 2, 3]).cast(pl.Decimal(10, 2)),
        encoded=pl.Series(["b", "a", "b"], dtype=pl.Categorical),
        code=["01", "2", "3"],
        digit=["1", "2", " 3"],
        listed=[[1], [2], [3]],
        empty=pl.Series([None] * 3, dtype=pl.Null),
        silent=pl.Series([None] * 3, dtype=pl.String),
    )
    static = encoded(tmp_path, {"a.parquet": rows})
    assert static.columns["fresh"].to_list() == [1, 0, None]
    assert static.columns["price"].to_list() == [1, 2, 3]
    assert static.columns["encoded"].to_list() == [1, 0, 1]
    assert static.columns["code"].to_list() == [0, 1, 2]  # the leading zero is text on purpose
    assert static.columns["digit"].to_list() == [1, 2, 3]
    assert static.categorical == ("encoded", "code", "silent")
    assert [column.split()[0] for column in static.encoding.ignored] == ["listed", "empty"]


def test_numeric_text_of_a_csv_file_is_a_number_unless_it_is_a_key(tmp_path: Path) -> None:
    static = encoded(tmp_path, {"a.csv": table(code=[7, 8, 9])})
    assert static.series_without == 0
    assert static.columns["code"].to_list() == [7, 8, 9]
    assert not static.categorical


@pytest.mark.parametrize(
    ("keys", "static_keys"),
    [
        (pl.Series([1, 2, 3], dtype=pl.Int64), pl.Series([3, 2, 1], dtype=pl.Int16)),
        (pl.Series([1, 2, 3], dtype=pl.Int32), pl.Series([3, 2, 1], dtype=pl.UInt64)),
        (pl.Series([1, 2, 3], dtype=pl.Int64), pl.Series(["3", "2", "1"])),
        (pl.Series(["1", "2", "3"]), pl.Series([3, 2, 1])),
        (pl.Series(["1", "2", "3"]), pl.Series(["3", "2", "1"], dtype=pl.Categorical)),
    ],
)
def test_keys_match_across_types(tmp_path: Path, keys: pl.Series, static_keys: pl.Series) -> None:
    rows = pl.DataFrame({"unique_id": static_keys, "size": [30, 20, 10]})
    static = encoded(tmp_path, {"a.parquet": rows}, pl.DataFrame({"unique_id": keys}))
    assert static.columns["size"].to_list() == [10, 20, 30]
    assert static.series_without == 0


def test_rows_of_other_series_and_missing_rows(tmp_path: Path) -> None:
    rows = pl.DataFrame({"unique_id": ["00003", "other"], "size": [3.0, 9.0]})
    static = encoded(tmp_path, {"a.parquet": rows})
    assert static.columns["size"].to_list() == [None, None, 3.0]
    assert static.series_without == 2


def test_several_files_with_columns_in_any_order_and_number_type(tmp_path: Path) -> None:
    files: Files = {
        "a.parquet": table(size=[1, 2, 3])[:1],
        "b.parquet": table(size=[1.5, 2.5, 3.5])[1:].select("size", "unique_id"),
        "c.csv": pl.DataFrame({"unique_id": ["x"], "size": ["4"]}),
    }
    static = encoded(tmp_path, files)
    assert static.columns["size"].to_list() == [1, 2.5, 3.5]


def test_text_with_too_many_values_is_ignored_and_reported(tmp_path: Path) -> None:
    keys = pl.DataFrame({"unique_id": [f"{at:04d}" for at in range(MAX_CATEGORIES + 1)]})
    rows = keys.with_columns(name=pl.col("unique_id") + " name", group=pl.lit("g"))
    static = encoded(tmp_path, {"a.parquet": rows}, keys)
    assert static.columns.columns == ["group"]
    assert static.encoding.ignored == (f"name (text with more than {MAX_CATEGORIES} different values)",)


def test_invalid_files_are_reported(tmp_path: Path) -> None:
    twice = pl.concat([table(size=[1, 2, 3]), table(size=[1, 2, 3])[:1]])
    assert problems(tmp_path / "a", {"a.parquet": twice}) == [
        "static: 1 series with more than one row, e.g. 00001. Keep one row per series"
    ]
    different = {"a.parquet": table(size=[1, 2, 3]), "b.parquet": table(weight=[1, 2, 3])}
    assert problems(tmp_path / "b", dict(different)) == [
        "static: the files have different columns. Use the same columns in all files"
    ]
    assert problems(tmp_path / "c", {"a.parquet": b"PAR1"})[0].startswith(
        "static: 1 file that cannot be read as Parquet"
    )
    assert problems(tmp_path / "d", {"a.parquet": table(size=[1, 2, 3]).drop("unique_id")}) == [
        "static: 1 file without the column unique_id, e.g. a.parquet (it has size). "
        "Join the table to the keys of the series, or add the column"
    ]
    assert problems(tmp_path / "e", {})[0].startswith("static: no table in")


@pytest.mark.parametrize("values", [[1.0, 2.0, 3.0, 4.0], list("abba")])
@pytest.mark.parametrize("name", ["y", "_moment", "lag1", "größe", "_shard", "_half", "_active", "_stratum", "_at"])
def test_a_column_with_any_name_is_used(tmp_path: Path, name: str, values: list[object]) -> None:
    keys = [f"A{at:03d}" for at in range(4)]
    static = pl.DataFrame({"unique_id": keys, name: values})
    finished = run_job(tmp_path, shop(4, 30), static={"a.parquet": static})
    assert finished.quality["input"]["static_columns"] == 1
    assert finished.forecasts.height == 16


@pytest.mark.parametrize("columns", [{}, {"listed": [[1], [2], [3], [4]]}])
def test_files_without_usable_columns_change_nothing(tmp_path: Path, columns: dict[str, list[object]]) -> None:
    static = pl.DataFrame({"unique_id": [f"A{at:03d}" for at in range(4)], **columns})
    finished = run_job(tmp_path / "with", shop(4, 30), static={"a.parquet": static})
    assert finished.forecasts.equals(run_job(tmp_path / "without", shop(4, 30)).forecasts)


SMALL = WorkSizes(rows_per_batch=3, rows_per_shard=2)


@pytest.mark.parametrize(
    ("keys", "static_keys", "found"),
    [
        (pl.Series([6, 7, 8]), pl.Series(["6", "007", " 8"]), [True, False, False]),
        (pl.Series([6, 7, 8], dtype=pl.UInt8), pl.Series([6, 300, -8]), [True, False, False]),
        (pl.Series(["007", "6", "8.0"]), pl.Series([7, 6, 8]), [False, True, False]),
        (pl.Series([6, 7, 8]), pl.Series(["6", "9999999999999999999999", "x"]), [True, False, False]),
    ],
)
def test_keys_match_only_if_their_text_is_equal(
    tmp_path: Path, keys: pl.Series, static_keys: pl.Series, found: list[bool]
) -> None:
    rows = pl.DataFrame({"unique_id": static_keys, "size": [1, 2, 3]})
    static = encoded(tmp_path, {"a.parquet": rows}, pl.DataFrame({"unique_id": keys}))
    assert static.columns["size"].is_not_null().to_list() == found
    assert static.series_without == found.count(False)


def test_composite_keys_of_mixed_types(tmp_path: Path) -> None:
    keys = pl.DataFrame({"article": [1, 1, 2, 2], "shop": ["01", "1", "01", "1"]})
    rows = keys.with_columns(pl.col("article").cast(pl.String), size=pl.Series([11, 12, 21, 22]))
    static = encoded(tmp_path, {"a.csv": rows[::-1]}, keys, sizes=SMALL)
    assert static.columns["size"].to_list() == [11, 12, 21, 22]


def test_rows_match_their_series_over_many_shards_and_batches(tmp_path: Path) -> None:
    keys = pl.DataFrame({"unique_id": [f"{at:04d}" for at in range(200)]})
    rows = keys.with_columns(size=pl.int_range(200), brand=pl.int_range(200).cast(pl.String).str.slice(0, 1))
    shuffled = pl.concat([rows, pl.DataFrame({"unique_id": ["other"], "size": [7], "brand": ["?"]}, rows.schema)])
    shuffled = shuffled.sample(fraction=1, shuffle=True, seed=0)
    files: Files = {"a.parquet": shuffled[:90], "b.csv": shuffled[90:], "c.parquet": shuffled[:0]}
    static = encoded(tmp_path, files, keys, sizes=SMALL)
    assert static.columns["size"].to_list() == list(range(200))
    assert static.encoding.categories == {"brand": tuple("0123456789")}  # without the brand of the unknown series
    assert static.columns["brand"].to_list() == [int(str(at)[0]) for at in range(200)]


@pytest.mark.parametrize("sizes", [ONE, SMALL], ids=["one shard", "many shards"])
def test_text_with_too_many_values_over_all_shards(tmp_path: Path, sizes: WorkSizes) -> None:
    keys = pl.DataFrame({"unique_id": [f"{at:04d}" for at in range(MAX_CATEGORIES + 1)]})
    number = pl.int_range(keys.height)
    rows = keys.with_columns(
        just=pl.when(number > 0).then(pl.col("unique_id") + "x"), many=pl.col("unique_id") + "y", few=pl.lit("z")
    )
    static = encoded(tmp_path, {"a.parquet": rows}, keys, sizes=sizes)
    assert static.columns.columns == ["just", "few"]
    assert static.columns["just"].to_list() == [None, *range(MAX_CATEGORIES)]
    assert static.encoding.ignored == (f"many (text with more than {MAX_CATEGORIES} different values)",)


def test_one_text_value_in_a_late_batch_makes_a_csv_column_text(tmp_path: Path) -> None:
    rows = pl.DataFrame({"unique_id": KEYS["unique_id"], "size": ["2", "10", "x"], "count": ["2", "10", None]})
    static = encoded(tmp_path, {"a.csv": rows}, sizes=WorkSizes(rows_per_batch=1, rows_per_shard=1))
    assert static.encoding.categories == {"size": ("10", "2", "x")}
    assert static.columns["size"].to_list() == [1, 0, 2]
    assert static.columns["count"].to_list() == [2, 10, None]


@pytest.mark.parametrize("sizes", [ONE, SMALL], ids=["one shard", "many shards"])
def test_series_with_more_than_one_row_are_counted_over_files_and_shards(tmp_path: Path, sizes: WorkSizes) -> None:
    keys = pl.DataFrame({"unique_id": [f"{at:02d}" for at in range(40)]})
    rows = keys.with_columns(size=pl.lit(1))
    files: Files = {"a.parquet": rows, "b.csv": rows[9:35:5], "c.parquet": rows[34:35]}
    with pytest.raises(InputError) as error:
        encoded(tmp_path, files, keys, sizes=sizes)
    assert list(error.value.problems) == [
        "static: 6 series with more than one row, e.g. 09, 14, 19. Keep one row per series"
    ]


def test_problems_of_static_files_and_demand_are_reported_together(tmp_path: Path) -> None:
    twice: Files = {"a.parquet": pl.concat([table(size=[1, 2, 3])] * 2), "b.parquet": b"PAR1"}
    demand = pl.DataFrame({"unique_id": [*KEYS["unique_id"], None]})
    messages = sorted(line.partition(",")[0] for line in problems(tmp_path, twice, demand))
    assert messages == [
        "demand: 1 row without a complete key (unique_id)",
        "static: 1 file that cannot be read as Parquet",
        "static: 3 series with more than one row",
    ]


def test_series_that_begin_after_the_cutoff_do_not_count(tmp_path: Path) -> None:
    later = pl.DataFrame({"unique_id": ["later"], "ds": [LAST + timedelta(weeks=3)], "y": [1.0]})
    demand = pl.concat([KEYS.with_columns(ds=pl.lit(LAST), y=pl.lit(1.0)), later])
    rows = table(brand=["b", "c", "b"])
    ready = prepared(
        tmp_path,
        {"a.parquet": demand},
        configured(frequency="W-MON", cutoff=LAST),
        static={"a.parquet": pl.concat([rows, pl.DataFrame({"unique_id": ["later"], "brand": ["a"]})])},
    )
    assert ready.encoding.categories == {"brand": ("b", "c")}
    without = prepared(
        tmp_path / "without", {"a.parquet": demand}, configured(frequency="W-MON", cutoff=LAST), static={"a.csv": rows}
    )
    assert without.series_without_static == 0


def test_the_dated_row_in_force_at_the_cutoff_counts(tmp_path: Path) -> None:
    """The first key changes in the week of the cutoff, the second after it, and the third has only a later row."""
    within, after = LAST + timedelta(days=2), LAST + timedelta(days=7)
    rows = pl.DataFrame(
        {
            "unique_id": ["00001", "00001", "00002", "00002", "00003"],
            "ds": [within, LAST - timedelta(days=400), after, LAST, after],
            "size": [2.0, 1.0, 4.0, 3.0, 5.0],
        }
    )
    given: dict[str, Files] = {"whole": {"a.parquet": rows}, "parts": {"a.csv": rows[::2], "b.csv": rows[1::2]}}
    for name, files in given.items():
        static = encoded(tmp_path / name, files)
        assert static.columns.columns == ["size"]
        assert static.columns["size"].to_list() == [2.0, 3.0, None]
        assert static.series_without == 1
    demand = shop(3, 60).with_columns(pl.col("unique_id").replace("A000", "00001").replace("A001", "00002"))
    finished = run_job(tmp_path / "run", demand, static={"a.parquet": rows})
    later = "static: 2 rows dated after the cutoff {}. Each series has the row in force at the cutoff"
    assert later.format("2026-11-16") in finished.quality["notes"]
    ends = demand.with_columns(pl.col("ds") + timedelta(days=6))
    static_files: Files = {"a.parquet": rows}
    finished = run_job(tmp_path / "end", ends, static=static_files, frequency="W-SUN", period_label="end")
    assert later.format("2026-11-22") in finished.quality["notes"]


def test_two_rows_of_one_date_are_rejected(tmp_path: Path) -> None:
    rows = table(size=[1.0, 2.0, 3.0]).with_columns(ds=pl.lit(LAST))
    (message,) = problems(tmp_path, {"a.parquet": pl.concat([rows, rows[:1]])})
    assert (
        message == "static: 1 series with more than one row of one date, e.g. 00001. Keep one row per series and date"
    )


def test_a_dated_table_has_no_column_with_the_internal_name_of_the_date(tmp_path: Path) -> None:
    rows = table(_moment=[1.0, 2.0, 3.0]).with_columns(ds=pl.lit(LAST))
    (message,) = problems(tmp_path, {"a.parquet": rows})
    assert message == "static: a column cannot be named _moment. Rename it"


def test_a_static_row_without_a_readable_date_is_named(tmp_path: Path) -> None:
    rows = table(size=[1.0, 2.0, 3.0], ds=["2026-11-02", "soon", "2026-11-02"])
    (message,) = problems(tmp_path, {"a.csv": rows})
    assert message.startswith("static: 1 row without a readable date in ds, e.g. 'soon' in line 3 of a.csv")
