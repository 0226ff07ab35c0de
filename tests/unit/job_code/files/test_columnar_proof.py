"""A Parquet or Arrow file is one whole file, with columns that the job can read, or the message says what is wrong."""

import uuid
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet
import pytest

from job_code.files.find_files import FoundFile
from job_code.files.open_file import open_file
from job_code.files.reader import Reader, Reading
from job_code.files.unreadable import UnreadableFileError
from tests.demand import configured
from tests.unit.job_code.files.test_formats import as_arrow, as_stream, zipped

COLUMNS = ["unique_id", "ds", "y"]


def table(rows: int, first: int = 0) -> pa.Table:
    numbers = range(first, first + rows)
    return pa.table(
        {
            "unique_id": [f"A{number % 7}" for number in numbers],
            "ds": list(numbers),
            "y": pa.array([number / 4 for number in numbers], pa.float64()),
        }
    )


def by_pyarrow(**options: object) -> Callable[[pa.Table, Path], None]:
    return lambda content, path: pa.parquet.write_table(content, path, **options)


def by_duckdb(content: pa.Table, path: Path) -> None:
    with duckdb.connect() as database:
        database.register("content", content)
        database.execute(f"COPY content TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE 2048)")


def by_polars(content: pa.Table, path: Path) -> None:
    pl.DataFrame(content).write_parquet(path, row_group_size=900)


def varint(number: int) -> bytes:
    """Return a whole number as a footer has it."""
    left, found = 2 * number, b""
    while left > 127:
        found, left = found + bytes([left & 127 | 128]), left >> 7
    return found + bytes([left])


def by_old_pyarrow(content: pa.Table, path: Path, *, different: int = 100, **options: object) -> None:
    """Write bloom filters whose size the footer lacks, as writers did before 2023."""
    by_pyarrow(bloom_filter_options={"unique_id": {"ndv": different}}, **options)(content, path)
    written, filters = path.read_bytes(), "bloom_filter_offset, bloom_filter_length"
    size = int.from_bytes(written[-8:-4], "little")
    data, footer = written[: -8 - size], written[-8 - size : -8]
    with duckdb.connect() as database:
        found = database.execute(f"SELECT {filters} FROM parquet_metadata('{path}')").fetchall()
    for at, length in found:
        if at is not None:
            before, rest = footer.split(b"\x16" + varint(at) + b"\x15" + varint(length))
            # A byte has the distance to the next field. It is now one longer, unless the fields end.
            footer = before + b"\x16" + varint(at) + bytes([rest[0] + 16 if rest[0] else 0]) + rest[1:]
    path.write_bytes(data + footer + len(footer).to_bytes(4, "little") + b"PAR1")


def as_file(write: Callable[[pa.Table], bytes]) -> Callable[[pa.Table, Path], None]:
    def written(content: pa.Table, path: Path) -> None:
        path.write_bytes(write(content))

    return written


WRITERS: dict[str, Callable[[pa.Table, Path], None]] = {
    "pyarrow": by_pyarrow(),
    "row groups": by_pyarrow(row_group_size=300, compression="zstd"),
    "no dictionary": by_pyarrow(use_dictionary=False, compression="none"),
    "page index": by_pyarrow(write_page_index=True, row_group_size=300),
    "bloom filters": by_pyarrow(bloom_filter_options={"unique_id": {"ndv": 100}}),
    "bloom filters of unknown size": by_old_pyarrow,
    "no statistics": by_pyarrow(write_statistics=False, store_schema=False),
    "duckdb": by_duckdb,
    "polars": by_polars,
    "arrow": as_file(as_arrow),
    "arrow by polars": lambda content, path: pl.DataFrame(content).write_ipc(path),
    "arrow, compressed": as_file(lambda content: as_arrow(content, "lz4")),
}


def opened(path: Path) -> Reader:
    reader = open_file(FoundFile(path=path, name=path.name), lambda _: COLUMNS, configured(), is_given=True)
    assert reader is not None
    return reader


def refusal(path: Path, columns: list[str]) -> UnreadableFileError:
    with pytest.raises(UnreadableFileError) as raised:
        list(opened(path).batches(columns, Reading(size=100)))
    return raised.value


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("rows", [0, 1, 5_000])
def test_one_file_of_any_writer_is_read(tmp_path: Path, writer: str, rows: int) -> None:
    WRITERS[writer](table(rows), tmp_path / "a")
    empty = pl.DataFrame(schema={"unique_id": pl.String, "ds": pl.Int64, "y": pl.Float64})
    found = pl.concat([empty, *opened(tmp_path / "a").batches(COLUMNS, Reading(size=1_000))])
    assert found.equals(pl.DataFrame(table(rows)))


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("sizes", [(2_000, 2_000), (3_000, 100), (100, 3_000), (10, 10, 10), (0, 10), (10, 0)])
def test_several_files_in_one_are_refused(tmp_path: Path, writer: str, sizes: tuple[int, ...]) -> None:
    content = b""
    for rows in sizes:
        WRITERS[writer](table(rows, first=len(content)), tmp_path / "part")
        content += (tmp_path / "part").read_bytes()
    (tmp_path / "a").write_bytes(content)
    error = refusal(tmp_path / "a", COLUMNS)
    assert (error.reason, error.remedy) == ("it contains several files one after another", "Upload them one by one")


def test_text_like_the_border_of_two_files_is_text(tmp_path: Path) -> None:
    content = table(1_000).set_column(0, "unique_id", pa.array(["PAR1PAR1"] * 1_000))
    by_old_pyarrow(content, tmp_path / "a", different=1_000_000, use_dictionary=False, compression="none")
    assert (tmp_path / "a").read_bytes().index(b"PAR1PAR1") < 1_000_000  # within the size of the filter
    assert pl.concat(opened(tmp_path / "a").batches(COLUMNS, Reading(size=1_000))).equals(pl.DataFrame(content))


def test_several_streams_in_one_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(as_stream(table(100)) * 2)
    assert "its content is damaged" in refusal(tmp_path / "a", COLUMNS).reason


def test_several_zip_files_in_one_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(zipped(b"unique_id,ds,y\nA,1,1\n") + zipped(b"unique_id,ds,y\nA,2,1\n"))
    error = refusal(tmp_path / "a", COLUMNS)
    assert (error.reason, error.remedy) == ("it contains several files one after another", "Upload them one by one")


RUNS = pa.RunEndEncodedArray.from_arrays(pa.array([2], pa.int32()), pa.array(["x"]))
WIDE = pa.array([Decimal(1), Decimal(2)], pa.decimal256(60, 2))
INTERVALS = pa.array([pa.MonthDayNano([1, 2, 3])] * 2, pa.month_day_nano_interval())
UNKNOWN: dict[str, pa.Array] = {
    "union": pa.UnionArray.from_sparse(pa.array([0, 1], pa.int8()), [pa.array([1, 2]), pa.array(["a", "b"])]),
    "run-end encoded": RUNS,
    "list view": pa.array([[1], [2]], pa.list_view(pa.int64())),
    "decimal256": WIDE,
}


@pytest.mark.parametrize("dtype", UNKNOWN)
@pytest.mark.parametrize("write", [as_arrow, as_stream])
@pytest.mark.parametrize("is_nested", [False, True])
def test_an_unused_column_of_an_unknown_type_is_named(
    tmp_path: Path, dtype: str, write: Callable[[pa.Table], bytes], is_nested: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    values = pa.StructArray.from_arrays([UNKNOWN[dtype]], ["Union"]) if is_nested else UNKNOWN[dtype]
    (tmp_path / "a").write_bytes(write(table(2).append_column("other", values)))
    error = refusal(tmp_path / "a", COLUMNS)
    assert error.reason == f"the column other has the type {dtype}, which the job cannot read"
    assert error.remedy == "Write the column as another type, or leave it out if it is not used"
    assert capfd.readouterr().err == ""  # no words of a panic


def test_a_view_of_lists_in_parquet_is_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    pa.parquet.write_table(table(2).append_column("other", UNKNOWN["list view"]), tmp_path / "a")
    assert refusal(tmp_path / "a", COLUMNS).reason.startswith("the column other has the type list view")
    assert capfd.readouterr().err == ""


def test_a_wide_decimal_in_parquet_matters_only_where_it_is_read(tmp_path: Path) -> None:
    pa.parquet.write_table(table(2).append_column("other", WIDE), tmp_path / "a")
    assert pl.concat(opened(tmp_path / "a").batches(COLUMNS, Reading(size=9))).height == 2
    assert opened(tmp_path / "a").unknown_types == {"other": "decimal of 60 digits"}


@pytest.mark.parametrize("write", [as_arrow, as_stream])
@pytest.mark.parametrize("is_nested", [False, True])
def test_intervals_in_arrow_matter_only_where_they_are_read(
    tmp_path: Path, write: Callable[[pa.Table], bytes], is_nested: bool
) -> None:
    values = pa.StructArray.from_arrays([INTERVALS], ["inner"]) if is_nested else INTERVALS
    (tmp_path / "a").write_bytes(write(table(2).append_column("other", values)))
    assert pl.concat(opened(tmp_path / "a").batches(COLUMNS, Reading(size=9))).equals(pl.DataFrame(table(2)))
    assert opened(tmp_path / "a").unknown_types == {"other": "interval"}


@pytest.mark.parametrize("dtype", ["INTERVAL", "INTERVAL[]"])
def test_intervals_in_parquet_matter_only_where_they_are_read(tmp_path: Path, dtype: str) -> None:
    content = table(2)
    with duckdb.connect() as database:
        database.register("content", content)
        value = f"({'[INTERVAL 1 DAY]' if dtype.endswith('[]') else 'INTERVAL 1 DAY'})"
        database.execute(f"COPY (SELECT *, {value} AS other FROM content) TO '{tmp_path / 'a'}' (FORMAT parquet)")
    assert pl.concat(opened(tmp_path / "a").batches(COLUMNS, Reading(size=9))).equals(pl.DataFrame(content))
    assert opened(tmp_path / "a").unknown_types == {"other": "interval"}


def growing(content: pa.Table, writer: Callable[..., pa.ipc.RecordBatchStreamWriter]) -> bytes:
    """Write a batch for each row, whose dictionaries have the texts of the rows so far."""
    names = content["unique_id"].to_pylist()
    sink = pa.BufferOutputStream()
    fields = content.schema.set(0, pa.field("unique_id", pa.dictionary(pa.int32(), pa.string())))
    with writer(sink, fields, options=pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True)) as out:
        for row in range(content.num_rows):
            coded = pa.DictionaryArray.from_arrays(pa.array([row], pa.int32()), pa.array(names[: row + 1]))
            others = [content[name].slice(row, 1).combine_chunks() for name in content.column_names[1:]]
            out.write_batch(pa.record_batch([coded, *others], schema=fields))
    return bytes(sink.getvalue())


@pytest.mark.parametrize("writer", [pa.ipc.new_stream, pa.ipc.new_file])
def test_dictionaries_that_grow_are_named(
    tmp_path: Path, writer: Callable[..., pa.ipc.RecordBatchStreamWriter]
) -> None:
    (tmp_path / "a").write_bytes(growing(table(3), writer))
    error = refusal(tmp_path / "a", COLUMNS)
    assert error.reason == "its dictionaries of text grow from batch to batch (delta dictionaries)"
    assert error.remedy == "Write text columns without dictionaries, or write the file as Parquet"
    (tmp_path / "a").write_bytes(growing(table(1), writer))
    assert pl.concat(opened(tmp_path / "a").batches(COLUMNS, Reading(size=9))).height == 1


IDS = [uuid.UUID("0c9f2c9c-d046-74a0-7edb-b0c2a3d4e5f6"), None, uuid.UUID(int=7)]


def uuids_by_duckdb(content: pa.Table, path: Path) -> None:
    with duckdb.connect() as database:
        database.register("content", content.set_column(0, "unique_id", pa.array([each and str(each) for each in IDS])))
        database.execute(
            f"COPY (SELECT * REPLACE (unique_id::UUID AS unique_id) FROM content) TO '{path}' (FORMAT parquet)"
        )


@pytest.mark.parametrize("write", [uuids_by_duckdb, by_pyarrow(), as_file(as_arrow), as_file(as_stream)])
def test_uuids_are_text(tmp_path: Path, write: Callable[[pa.Table, Path], None]) -> None:
    ids = pa.array([each and each.bytes for each in IDS], pa.uuid())
    other = pa.array([b"0123456789abcdef"] * 3, pa.binary(16))
    write(table(3).set_column(0, "unique_id", ids).append_column("other", other), tmp_path / "a")
    found = pl.concat(opened(tmp_path / "a").batches([*COLUMNS, "other"], Reading(size=2)))
    assert opened(tmp_path / "a").schema["unique_id"] == pl.String
    assert found["unique_id"].to_list() == [each and str(each) for each in IDS]
    assert found["other"].to_list() == [b"0123456789abcdef"] * 3


def test_two_columns_of_one_name_are_named(tmp_path: Path) -> None:
    twice = pa.Table.from_arrays([*table(2).columns, pa.array([1, 2]), pa.array([3, 4])], names=[*COLUMNS, "b", "b"])
    pa.parquet.write_table(twice, tmp_path / "a")
    error = refusal(tmp_path / "a", COLUMNS)
    assert (error.reason, error.remedy) == ("two columns are named 'b'", "Rename one of them, or leave it out")
