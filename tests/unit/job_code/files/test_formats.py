"""Every format in every compression is read as an independent reader reads it, under any file name."""

import bz2
import contextlib
import gzip
import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.ipc
import pyarrow.orc
import pyarrow.parquet
import pytest

from job_code.files.find_files import FoundFile
from job_code.files.open_file import open_file
from job_code.files.reader import Reader, Reading
from job_code.files.unreadable import UnreadableFileError, hidden_panics
from tests.demand import configured

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

COUNT = 2_500
TABLE = pa.table(
    {
        "unique_id": [f"A{number % 7}" for number in range(COUNT)],
        "ds": [date(2026, 1, 1) + timedelta(days=number % 90) for number in range(COUNT)],
        "y": [number / 4 for number in range(COUNT)],
        "units": [number if number % 5 else None for number in range(COUNT)],
        "size": pa.array([f"s{number % 3}" for number in range(COUNT)]).dictionary_encode(),
    }
)
COLUMNS = ["unique_id", "ds", "y"]


def as_parquet(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pa.parquet.write_table(table, buffer, row_group_size=700)
    return buffer.getvalue()


def as_arrow(table: pa.Table, compression: str | None = None) -> bytes:
    buffer = io.BytesIO()
    with pa.ipc.new_file(buffer, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
        writer.write_table(table, max_chunksize=700)
    return buffer.getvalue()


def as_stream(table: pa.Table, compression: str | None = None) -> bytes:
    buffer = io.BytesIO()
    with pa.ipc.new_stream(buffer, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
        writer.write_table(table, max_chunksize=700)
    return buffer.getvalue()


def as_json(table: pa.Table) -> bytes:
    return "".join(json.dumps(row, default=str) + "\n" for row in table.to_pylist()).encode()


def as_csv(table: pa.Table) -> bytes:
    return pl.DataFrame(table).write_csv().encode()


FORMATS: dict[str, Callable[[pa.Table], bytes]] = {
    "Parquet": as_parquet,
    "Arrow": as_arrow,
    "Arrow, lz4": lambda table: as_arrow(table, "lz4"),
    "Arrow stream": as_stream,
    "Arrow stream, zstd": lambda table: as_stream(table, "zstd"),
    "JSON Lines": as_json,
    "CSV": as_csv,
}


def zipped(content: bytes, **others: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("folder/table", content)
        for name, each in others.items():
            archive.writestr(name, each)
    return buffer.getvalue()


PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda content: content,
    "gzip": gzip.compress,
    "two gzip members": lambda content: gzip.compress(content[:1000]) + gzip.compress(content[1000:]),
    "zstd": zstd.compress,
    "two zstd frames": lambda content: zstd.compress(content[:1000]) + zstd.compress(content[1000:]),
    "bzip2": bz2.compress,
    "zip": zipped,
}


def opened(path: Path, *, is_given: bool = False, **settings: object) -> Reader | None:
    found = FoundFile(path=path, name=path.name)
    return open_file(found, lambda _: COLUMNS, configured(**settings), is_given=is_given)


def written(folder: Path, content: bytes, name: str = "part-00001-tid.c000") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def read(reader: Reader | None, columns: list[str], *, first: int = 0, rows: int | None = None) -> pl.DataFrame:
    assert reader is not None
    batches = list(reader.batches(columns, Reading(size=300, first=first, rows=rows)))
    assert all(batch.height <= 300 for batch in batches)
    return pl.concat(batches)


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("name", FORMATS)
def test_a_format_in_a_compression_is_read_by_its_content(tmp_path: Path, name: str, packing: str) -> None:
    reader = opened(written(tmp_path, PACKINGS[packing](FORMATS[name](TABLE))))
    assert reader is not None
    assert reader.format_name == name.partition(",")[0]
    assert reader.names == tuple(TABLE.column_names)
    assert reader.divisible == (packing == "plain" and name in ("Parquet", "Arrow", "Arrow, lz4"))
    rows = read(reader, ["units", "unique_id", "ds", "y", "size"])
    assert {column: reader.schema[column] for column in rows.columns} == rows.schema
    expected = pl.DataFrame(TABLE).select(rows.columns)
    if name == "CSV":
        expected = expected.with_columns(pl.all().cast(pl.String))
    elif name == "JSON Lines":
        expected = expected.with_columns(pl.col("ds", "size").cast(pl.String))
    assert reader.rows == COUNT
    assert rows.with_columns(pl.col("size").cast(pl.String)).equals(
        expected.with_columns(pl.col("size").cast(pl.String))
    )


@pytest.mark.parametrize("name", ["Parquet", "Arrow"])
def test_a_part_of_a_file_is_read_alone(tmp_path: Path, name: str) -> None:
    reader = opened(written(tmp_path, FORMATS[name](TABLE)))
    assert read(reader, ["y"], first=1_400, rows=900)["y"].to_list() == TABLE["y"].to_pylist()[1_400:2_300]


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("packing", ["plain", "gzip", "zstd", "bzip2", "zip"])
def test_a_file_that_was_cut_is_refused(tmp_path: Path, name: str, packing: str) -> None:
    content = FORMATS[name](TABLE)
    packed = PACKINGS[packing](content[:-13] if packing == "plain" else content)
    path = written(tmp_path, packed if packing == "plain" else packed[: len(packed) * 2 // 3])
    with pytest.raises(UnreadableFileError) as raised:
        read(opened(path, is_given=True), COLUMNS)
    assert raised.value.reason
    assert raised.value.remedy


@pytest.mark.parametrize("name", ["Parquet", "Arrow", "Arrow stream"])
def test_damage_has_no_words_of_a_library(tmp_path: Path, name: str) -> None:
    content = bytearray(FORMATS[name](TABLE))
    content[len(content) // 2 : len(content) - 12] = bytes(len(content) - 12 - len(content) // 2)
    with pytest.raises(UnreadableFileError, match="content is damaged"):
        read(opened(written(tmp_path, bytes(content))), COLUMNS)


def orc(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pa.orc.write_table(table.drop(["size"]), buffer)
    return buffer.getvalue()


def tar(folder: Path) -> bytes:
    written(folder, b"x", "inside")
    return subprocess.run(["tar", "-C", folder, "-c", "inside"], capture_output=True, check=True).stdout


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (orc(TABLE), "it is ORC"),
        (b"Obj\x01\x04\x14avro.codec", "it is Avro"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "it is an Excel workbook"),
        (zipped(b"", **{"[Content_Types].xml": b"<Types/>", "xl/worksheets/sheet1.xml": b"<x/>"}), "a spreadsheet"),
        (zipped(b"", **{"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<x/>"}), "a document, not a table"),
        (zipped(as_csv(TABLE), more=as_csv(TABLE)), "the zip has 2 files, e.g. folder/table, more"),
        (b"PK\x05\x06" + bytes(18), "the zip has 0 files"),
        (gzip.compress(gzip.compress(as_csv(TABLE))), "it is compressed twice"),
        (b"\xfd7zXZ\x00" + bytes(30), "it is compressed by xz"),
        (b"SQLite format 3\x00" + bytes(90), "it is an SQLite database"),
        (json.dumps(TABLE.slice(0, 3).to_pylist(), default=str).encode(), "it is a JSON array, not JSON Lines"),
    ],
)
def test_other_formats_are_refused_by_name(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableFileError, match=reason) as raised:
        opened(written(tmp_path, content))
    assert raised.value.remedy


def test_a_tar_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="it is a tar archive"):
        opened(written(tmp_path, gzip.compress(tar(tmp_path))))


def test_what_the_mac_adds_to_a_zip_is_no_table(tmp_path: Path) -> None:
    content = zipped(as_csv(TABLE), **{"__MACOSX/._table": b"x", ".DS_Store": b"x"})
    assert read(opened(written(tmp_path, content)), ["y"]).height == COUNT


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b"hello",
        b"# Notes\n\nThese files hold the demand, by week.\nThe weeks begin on Monday, as agreed.\n",
        b'{\n  "source": "erp",\n  "weeks": [1, 2]\n}\n',
        b'{"source": "erp"}',
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
        bytes(range(256)),
    ],
)
def test_what_is_no_table_is_not_taken_for_one(tmp_path: Path, content: bytes) -> None:
    assert opened(written(tmp_path, content, "notes")) is None


@pytest.mark.parametrize(
    ("content", "format_name"),
    [
        (b"article;week;units\nA;2026-11-16;3\nB;2026-11-16;4\nC;2026-11-16;4\n", "CSV"),  # other names of columns
        (b"y\n1\n", "CSV"),
        (b'{"article": "A"}\n{"article": "B"}\n', "JSON Lines"),
        (b'{"y": 1}', "JSON Lines"),
    ],
)
def test_what_looks_like_a_table_is_one(tmp_path: Path, content: bytes, format_name: str) -> None:
    reader = opened(written(tmp_path, content, "export.txt"))
    assert reader is not None
    assert reader.format_name == format_name


UMLAUTS = "unique_id,ds,y\nMüller,2026-11-16,1\nGröße €,2026-11-16,2\n"


@pytest.mark.parametrize("encoding", ["cp1252", "iso8859-15", "utf-16-le", "utf-16", "utf-32"])
@pytest.mark.parametrize("packing", ["plain", "gzip"])
def test_a_declared_encoding_is_read(tmp_path: Path, encoding: str, packing: str) -> None:
    path = written(tmp_path, PACKINGS[packing](UMLAUTS.encode(encoding)), "a.csv")
    assert read(opened(path, encoding=encoding), ["unique_id"])["unique_id"].to_list() == ["Müller", "Größe €"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-32"])
def test_a_byte_order_mark_precedes_the_setting(tmp_path: Path, encoding: str) -> None:
    path = written(tmp_path, UMLAUTS.encode(encoding), "a.csv")
    assert read(opened(path, encoding="cp1252"), ["unique_id"])["unique_id"].to_list() == ["Müller", "Größe €"]


@pytest.mark.parametrize("encoding", ["cp1252", "iso8859-1", "cp437"])
@pytest.mark.parametrize("row", ["{},2026-11-16,1\n", '{{"unique_id": "{}", "ds": "2026-11-16", "y": 1}}\n'])
def test_utf_8_is_not_read_in_the_encoding_of_the_setting(tmp_path: Path, encoding: str, row: str) -> None:
    """It would have other letters: Köln in one file is another key than in the next."""
    text = ("" if row.startswith("{{") else "unique_id,ds,y\n") + row.format("Bonn") * 50_000
    path = written(tmp_path, (text + row.format("Köln")).encode(), "a")
    with pytest.raises(UnreadableFileError) as raised:
        read(opened(path, is_given=True, encoding=encoding), COLUMNS)
    assert raised.value.reason == f"it is UTF-8, not {encoding}"
    assert raised.value.remedy == f"Save all text files as UTF-8 without the setting, or all as {encoding}"
    assert read(opened(path, is_given=True), COLUMNS).height == 50_001
    ascii_only = written(tmp_path, text.encode(), "b")
    assert read(opened(ascii_only, is_given=True, encoding=encoding), COLUMNS).height == 50_000


def test_an_encoding_of_several_bytes_may_look_like_utf_8(tmp_path: Path) -> None:
    path = written(tmp_path, "unique_id,ds,y\n联通,1,2\n".encode("gbk"), "a.csv")
    assert read(opened(path, encoding="gbk"), ["unique_id"])["unique_id"].to_list() == ["联通"]


def test_text_of_another_encoding_is_refused_with_its_line(tmp_path: Path) -> None:
    for name in ("a.csv", "a.txt"):
        with pytest.raises(UnreadableFileError, match="line 2 is not UTF-8") as raised:
            opened(written(tmp_path, UMLAUTS.encode("cp1252"), name))
        assert raised.value.remedy == "Save the file as UTF-8, or set `encoding`"
    late = UMLAUTS * 50_000 + "\x81"
    with pytest.raises(UnreadableFileError, match="line 150001 is not cp1252"):
        read(opened(written(tmp_path, late.encode("latin-1", "replace"), "b.csv"), encoding="cp1252"), COLUMNS)


@pytest.mark.parametrize("name", ["Parquet", "Arrow", "Arrow stream"])
def test_an_offset_from_utc_is_a_time_zone(tmp_path: Path, name: str) -> None:
    india = timezone(timedelta(hours=5, minutes=30))
    midnight = datetime(2026, 11, 16, tzinfo=india)
    stamps = pa.array([midnight.astimezone(UTC)], pa.timestamp("us", tz="+05:30"))
    table = pa.table({"unique_id": ["A"], "ds": stamps, "y": [1.0]})
    reader = opened(written(tmp_path, FORMATS[name](table)))
    (text,) = read(reader, ["ds"])["ds"]
    assert text == "2026-11-16T00:00:00.000000+05:30"
    assert datetime.fromisoformat(text) == midnight


def test_a_zone_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    stamps = pa.array([0], pa.timestamp("us", tz="Mars/Phobos"))
    with pytest.raises(UnreadableFileError, match="the column ds has the unknown time zone 'Mars/Phobos'"):
        opened(written(tmp_path, as_parquet(pa.table({"unique_id": ["A"], "ds": stamps, "y": [1.0]}))))


def flipped(content: bytes, *, seed: int) -> bytes:
    """Return content with some other bytes, most of them in the description of the columns at the end."""
    random = np.random.default_rng(seed)
    damaged = bytearray(content)
    for at in random.integers(len(content) - 2_500, len(content) - 8, 3).tolist():
        damaged[at] = int(random.integers(256))
    return bytes(damaged)


def test_damage_loses_no_row_and_prints_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Where a thread of polars panics, it prints a page, and often returns fewer rows without an error."""
    content = as_parquet(TABLE)
    for seed in (282, 545, 797, 993, 994, 1326, 1347, 1391, 1896, 1962, *range(40)):
        path = written(tmp_path, flipped(content, seed=seed))
        with contextlib.suppress(UnreadableFileError):
            reader = opened(path, is_given=True)
            assert reader is not None
            assert read(reader, list(reader.names)[:3]).height == reader.rows
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("compression", [None, "lz4"])
def test_a_damaged_stream_is_refused_or_whole(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], compression: str | None
) -> None:
    """Another library ended the process where a message describes more than there is."""
    content, refused = as_stream(TABLE, compression), 0
    for seed in range(80):
        random = np.random.default_rng(seed)
        damaged = bytearray(content)
        damaged[int(random.integers(8, 2_000))] = int(random.integers(256))
        try:
            reader = opened(written(tmp_path, bytes(damaged)), is_given=True)
            assert reader is not None
            assert read(reader, list(reader.names)).height == reader.rows
        except UnreadableFileError:
            refused += 1
    assert refused > 20
    assert capfd.readouterr() == ("", "")


def test_only_the_text_of_panics_is_hidden(capfd: pytest.CaptureFixture[str]) -> None:
    with hidden_panics():
        os.write(2, b"a warning of native code\n")
        with hidden_panics():
            sys.stderr.write("our own words\n")
        assert capfd.readouterr().err == "our own words\n"
    assert capfd.readouterr().err == "a warning of native code\n"
    with hidden_panics():
        os.write(2, b"thread 'x' panicked at y\n")
    os.write(2, b"later\n")
    assert capfd.readouterr().err == "later\n"
