import gzip
import io
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from job_code.errors import InputError
from job_code.findings import Findings
from job_code.table_files import find_files, read_tables
from tests.demand import write

ROWS = pl.DataFrame({"unique_id": ["00123", "00124"], "ds": ["2026-11-09", "2026-11-16"], "y": ["1", "2"]})
COLUMNS = ["unique_id", "ds", "y"]
CSV = ROWS.write_csv().encode()


def parquet(rows: pl.DataFrame = ROWS) -> bytes:
    buffer = io.BytesIO()
    rows.write_parquet(buffer)
    return buffer.getvalue()


def read(path: Path) -> tuple[dict[str, pl.DataFrame], list[str]]:
    findings = Findings()
    files = find_files(path, source="demand")
    tables = {
        table.name: table.rows for table in read_tables(path, files, lambda _: COLUMNS, findings, source="demand")
    }
    return tables, findings.messages()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.parquet", parquet()),
        ("a.PARQUET", parquet()),
        ("a.pq", parquet()),
        ("a.snappy.parquet", parquet()),
        ("part-00000-c000", parquet()),
        ("a.csv", CSV),
        ("a.CSV", CSV),
        ("a.csv.gz", gzip.compress(CSV)),
        ("bom.csv", b"\xef\xbb\xbf" + CSV),
        ("crlf.csv", CSV.replace(b"\n", b"\r\n")),
        ("quoted.csv", b'"unique_id","ds","y"\n"00123","2026-11-09","1"\n"00124","2026-11-16","2"\n'),
        ("other order.csv", b"y,more,unique_id,ds\n1,x,00123,2026-11-09\n2,x,00124,2026-11-16\n"),
        ("[week] *1?.parquet", parquet()),
        ("[week] *1?.csv", CSV),
        ("year=2026/merchant=M1/a.parquet", parquet()),
        ("ümlaut/späte Wörter.csv", CSV),
    ],
)
def test_files_are_read_whatever_they_are_called(tmp_path: Path, name: str, content: bytes) -> None:
    tables, messages = read(write(tmp_path, {name: content}))
    assert not messages
    assert list(tables) == [name]
    assert tables[name].equals(ROWS)  # the leading zeros too
    only, messages = read(tmp_path / name)
    assert [table.equals(ROWS) for table in only.values()] == [True]
    assert list(only) == [Path(name).name]


def test_hidden_files_markers_and_other_kinds_are_passed_over(tmp_path: Path) -> None:
    files = {
        "a.parquet": parquet(),
        "_SUCCESS": b"",
        "_delta_log/0.parquet": parquet(),
        ".hidden.csv": CSV,
        ".hidden/a.csv": CSV,
        "notes.txt": b"hello",
        "marker": b"",
        "short": b"PA",
    }
    assert list(read(write(tmp_path, files))[0]) == ["a.parquet"]


def test_files_come_in_one_order(tmp_path: Path) -> None:
    names = ["b.csv", "a/z.csv", "c.parquet", "a/a.parquet"]
    files = {name: parquet() if name.endswith("parquet") else CSV for name in names}
    assert list(read(write(tmp_path, files))[0]) == sorted(names)


def test_nothing_to_read_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"demand: there is no file or folder .*absent"):
        find_files(tmp_path / "absent", source="demand")
    with pytest.raises(InputError, match=r"demand: no Parquet or CSV files in .*; put the demand there"):
        find_files(tmp_path, source="demand")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.parquet", b"", "1 file with no content, e.g. a.parquet"),
        ("x/a.csv", b"", "1 file with no content, e.g. x/a.csv"),
        ("a.parquet", parquet()[:-20], "cannot be read as Parquet, e.g. a.parquet"),
        ("a.parquet", parquet()[:100], "cannot be read as Parquet"),
        ("a.parquet", CSV, "cannot be read as Parquet"),
        ("x/a.parquet", b"PAR1", "cannot be read as Parquet, e.g. x/a.parquet"),
        ("a.csv", parquet(), "without the column unique_id, ds, y"),
        ("a.csv", b"\n\n", "demand: 1 file"),
        ("a.csv", bytes(range(256)), "demand: 1 file"),
        ("a.csv", ROWS.write_csv().encode("utf-16"), "demand: 1 file"),
        ("a.csv", b"unique_id,ds,y\n\xe4,2026-11-16,1\n", "cannot be read as CSV"),
        ("a.csv", CSV + b"A,2026-11-16,1,2,3\n", "cannot be read as CSV"),
        ("a.csv", CSV + b'"A,2026-11-16,1\n', "cannot be read as CSV"),
        ("a.csv.gz", gzip.compress(CSV * 1000)[:-50], "cannot be read as CSV"),
        ("a.csv", ROWS.write_csv(separator=";").encode(), "without the column unique_id, ds, y"),
        ("a.csv", b"unique_id,week,y\n1,2,3\n", "without the column ds, e.g. a.csv (it has unique_id, week, y)"),
        ("a.parquet", parquet(ROWS.drop("y")), "without the column y, e.g. a.parquet (it has unique_id, ds)"),
    ],
)
def test_a_file_that_is_no_table_is_named(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    tables, messages = read(write(tmp_path, {name: content, "sound.csv": CSV}))
    assert list(tables) == ["sound.csv"]
    (message,) = messages
    assert message.startswith("demand: 1 file")
    assert says in message
    assert "; " in message  # what to do


def test_damage_anywhere_in_a_parquet_file_is_never_a_crash(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    rows = pl.DataFrame({name: [str(at) for at in range(300)] for name in COLUMNS})
    sound = parquet(rows)
    path = tmp_path / "a.parquet"
    for trial in range(250):
        damaged = bytearray(sound[: random.integers(1, len(sound))] if trial % 4 == 0 else sound)
        for _ in range(random.integers(1, 6)):
            # Most of it in the footer, where the offsets are.
            back = random.integers(1, min(len(damaged), 700) + 1)
            damaged[-back] = random.integers(0, 256)
        path.write_bytes(damaged)
        read(path)


def test_the_same_mistake_in_many_files_is_one_message(tmp_path: Path) -> None:
    files = {f"{at:02d}.csv": b"id,ds,y\n" for at in range(40)} | {"a.csv": b""}
    _, messages = read(write(tmp_path, files))
    assert len(messages) == 2
    assert messages[0].startswith(
        "demand: 40 files without the column unique_id, e.g. 00.csv (it has id, ds, y), 01.csv"
    )
    assert messages[0].count(".csv") == 3
