import gzip
import io
import itertools
import json
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest

from contract.data_files import FORMATS
from job_code.demand.work_sizes import WorkSizes
from job_code.errors import InputError
from job_code.files.unreadable import UnreadableFileError
from job_code.tables.table_files import TableFile, open_tables, report_unreadable
from job_code.tables.validation_report import ValidationReport
from tests.demand import configured, problems, series, shop, write

ROWS = pl.DataFrame({"unique_id": ["00123", "00124"], "ds": ["2026-11-09", "2026-11-16"], "y": ["1", "2"]})
COLUMNS = ["unique_id", "ds", "y"]
EITHER = "whose rows have either y or a column that is not used"
ALIKE = "with a column that is not used and is named like y"
NOT_SEPARATED = "its lines are not values separated by a comma, a semicolon, a tab or |"
CSV = ROWS.write_csv().encode()


def parquet(rows: pl.DataFrame = ROWS) -> bytes:
    buffer = io.BytesIO()
    rows.write_parquet(buffer)
    return buffer.getvalue()


def read(path: Path, *, size: int = 1000) -> tuple[dict[str, pl.DataFrame], list[str]]:
    """Return the content of every readable file, read in batches, and the messages about the others."""
    findings = ValidationReport()
    tables = {}
    for file in open_tables(path, lambda _: COLUMNS, configured(), findings, source="demand"):
        try:
            tables[file.name] = pl.concat([pl.DataFrame(schema=file.columns), *file.batches(size)])
        except UnreadableFileError as error:
            report_unreadable(file.name, file.file_format, error, findings, "demand")
    return tables, findings.messages()


def opened(folder: Path, name: str, content: bytes) -> TableFile:
    findings = ValidationReport()
    (file,) = open_tables(write(folder, {name: content}), lambda _: COLUMNS, configured(), findings, source="demand")
    findings.raise_if_any()
    return file


def with_interval(folder: Path, name: str) -> Path:
    """Write a file in which a column has intervals, as DuckDB writes them."""
    folder.mkdir()
    path = folder / "a.parquet"
    others = ", ".join(column for column in COLUMNS if column != name)
    with duckdb.connect() as database:
        database.register("content", ROWS.to_arrow())
        database.execute(f"COPY (SELECT {others}, INTERVAL 1 DAY AS {name} FROM content) TO '{path}' (FORMAT parquet)")
    return folder


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_of_an_unknown_type_that_the_run_needs_is_named(tmp_path: Path, name: str) -> None:
    tables, (problem,) = read(with_interval(tmp_path / "in", name))
    assert tables == {}
    assert problem == (
        f"demand: 1 file whose column {name} has the type interval, which the job cannot read, e.g. a.parquet. "
        "Write the column as text, a number or a date"
    )


def test_a_column_of_an_unknown_type_that_the_run_does_not_need_is_ignored(tmp_path: Path) -> None:
    folder = with_interval(tmp_path / "in", "lead")
    tables, messages = read(folder)
    assert messages == []
    assert tables["a.parquet"].equals(ROWS)
    findings = ValidationReport()
    (file,) = open_tables(folder, lambda header: header, configured(), findings, source="covariates")
    assert [*file.columns] == COLUMNS
    assert findings.messages("error") == []
    assert findings.messages("note") == [
        "covariates: 1 file whose column lead has the type interval, which the job cannot read and ignores, "
        "e.g. a.parquet. Write the column as text, a number or a date"
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.parquet", parquet()),
        ("a.PARQUET", parquet()),
        ("a.pq", parquet()),
        ("a.snappy.parquet", parquet()),
        ("part-00000-c000", parquet()),
        ("a.csv", CSV),
        ("csv in.parquet", CSV),
        ("parquet in.csv", parquet()),
        ("a.tsv", ROWS.write_csv(separator="\t").encode()),
        ("part-1.c000", parquet()),
        ("a.txt", CSV),
        ("a.CSV", CSV),
        ("a.csv.gz", gzip.compress(CSV, mtime=0)),
        ("bom.csv", b"\xef\xbb\xbf" + CSV),
        ("utf-16.csv", CSV.decode().encode("utf-16")),
        ("semicolon.csv", ROWS.write_csv(separator=";").encode()),
        ("tab.csv", ROWS.write_csv(separator="\t").encode()),
        ("bar.csv", ROWS.write_csv(separator="|").encode()),
        ("not compressed.csv.gz", CSV),
        ("compressed.csv", gzip.compress(CSV, mtime=0)),
        ("blanks in header.csv", CSV.replace(b"unique_id,ds,y", b"unique_id, ds , y")),
        ("empty lines.csv", CSV.replace(b"\n", b"\n\n")),
        ("crlf.csv", CSV.replace(b"\n", b"\r\n")),
        ("quoted.csv", b'"unique_id","ds","y"\n"00123","2026-11-09","1"\n"00124","2026-11-16","2"\n'),
        ("other order.csv", b"y,more,unique_id,ds\n1,x,00123,2026-11-09\n2,x,00124,2026-11-16\n"),
        ("[week] *1?.parquet", parquet()),
        ("[week] *1?.csv", CSV),
        ("year=2026/merchant=M1/a.parquet", parquet()),
        ("ümlaut/späte Wörter.csv", CSV),
    ],
)
def test_files_with_any_name_are_read(tmp_path: Path, name: str, content: bytes) -> None:
    tables, messages = read(write(tmp_path, {name: content}))
    assert not messages
    assert list(tables) == [name]
    assert tables[name].equals(ROWS)  # including the leading zeros
    only, messages = read(tmp_path / name)
    assert [table.equals(ROWS) for table in only.values()] == [True]
    assert list(only) == [Path(name).name]


def notes(path: Path) -> list[str]:
    findings = ValidationReport()
    open_tables(path, lambda _: COLUMNS, configured(), findings, source="demand")
    findings.raise_if_any()
    return findings.messages("note")


@pytest.mark.parametrize("separator", ["\x01", "\x1f", "\u2063"])
@pytest.mark.parametrize("name", ["20261129_000001_00042_abcde", "part-0.csv", "part-0.gz"])
def test_rows_with_an_unprintable_separator_are_an_error_next_to_tables(
    tmp_path: Path, separator: str, name: str
) -> None:
    content = "".join(f"{separator.join(row)}\n" for row in ROWS.rows()).encode()
    files = {"a.parquet": parquet(), name: gzip.compress(content) if name.endswith("gz") else content}
    tables, (problem,) = read(write(tmp_path, files))
    assert list(tables) == ["a.parquet"]
    assert problem == (
        f"demand: 1 file that cannot be read, e.g. {name} (its values are separated by {separator!r}). "
        "Write it as Parquet, or as CSV whose first line has the names of the columns"
    )


def test_what_is_no_table_is_named_with_its_reason(tmp_path: Path) -> None:
    files = {
        "a.parquet": parquet(),
        "_SUCCESS": b"",
        ".hidden.csv": CSV,
        "notes.txt": b"hello",
        "picture": bytes(range(256)),
        "sales_$folder$": b"",
    }
    folder = write(tmp_path, files)
    assert list(read(folder)[0]) == ["a.parquet"]
    provide = f"Provide {FORMATS} if it holds data"
    assert notes(folder) == [
        "demand: 2 files not read, because the name begins with _ or ., e.g. .hidden.csv, _SUCCESS. "
        "Rename it if it holds data",
        f"demand: 1 file not read, because {NOT_SEPARATED}, e.g. notes.txt. {provide}",
        f"demand: 1 file not read, because its content is no table, e.g. picture. {provide}",
        f"demand: 1 file not read, because it is empty, e.g. sales_$folder$. {provide}",
    ]


def test_a_file_given_by_name_is_a_table(tmp_path: Path) -> None:
    for name, content, problem in (("notes", b"hello", "without the column"), ("empty", b"", "with no content")):
        (message,) = read(write(tmp_path, {name: content}) / name)[1]
        assert message.startswith(f"demand: 1 file {problem}")


def test_what_cannot_be_opened_is_an_error(tmp_path: Path) -> None:
    folder = write(tmp_path, {"a.parquet": parquet()})
    (folder / "b.parquet").symlink_to(folder / "gone")
    assert read(folder)[1] == [
        "demand: 1 file that is a link to nothing, e.g. b.parquet. Restore what it leads to, or remove the link"
    ]


def test_files_without_a_row_are_a_note(tmp_path: Path) -> None:
    files = {"a.csv": CSV, "week.csv": b"unique_id,ds,y\n", "week.parquet": parquet(ROWS[:0])}
    assert notes(write(tmp_path / "two", files)) == [
        "demand: 2 files without a row, e.g. week.csv, week.parquet. Upload their rows if they should have some"
    ]
    assert notes(write(tmp_path / "all", {"week.csv": b"unique_id,ds,y\n"})) == []  # an error of the whole table


def test_copies_are_an_error_that_names_both_files(tmp_path: Path) -> None:
    files = {"a.csv": CSV, "b/copy of a.csv": CSV, "c.csv": CSV.replace(b"2026-11-09", b"2026-11-02")}
    assert read(write(tmp_path / "short", files))[1] == [
        "demand: 1 file with the same content as another, e.g. b/copy of a.csv (the same as a.csv). "
        "Delete one of the two"
    ]
    long = CSV + b"A,2026-11-16,1\n" * 20_000
    changed = long[:149_999] + b"B" + long[150_000:]
    assert len(changed) == len(long)
    assert len(read(write(tmp_path / "long", {"a.csv": long, "b.csv": changed}))[0]) == 2
    assert len(read(write(tmp_path / "copy", {"a.csv": long, "b.csv": long}))[1]) == 1
    assert not read(write(tmp_path / "no rows", {"a.csv": CSV[:15], "b.csv": CSV[:15]}))[1]


def json_lines(*names: str) -> bytes:
    """Return rows that have a value under one of several names."""
    rows = ({"unique_id": "A", "ds": f"2026-11-{at + 1:02d}", names[at % len(names)]: at} for at in range(6))
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


@pytest.mark.parametrize(
    ("content", "warning"),
    [
        (json_lines("y", "Y"), f"{EITHER}, e.g. a ('Y')"),
        (json_lines("y", "quantity", "y"), f"{EITHER}, e.g. a ('quantity')"),
        (json_lines("y", "quantity", "amount"), ""),
        (json_lines("y"), ""),
        (ROWS.with_columns(Y=1).write_csv().encode(), f"{ALIKE}, e.g. a ('Y')"),
        (parquet(ROWS.with_columns(y_=1)), f"{ALIKE}, e.g. a ('y_')"),
        (parquet(ROWS.with_columns(year=1)), ""),
    ],
)  # fmt: skip
def test_another_name_of_a_column_is_a_warning(tmp_path: Path, content: bytes, warning: str) -> None:
    findings = ValidationReport()
    open_tables(write(tmp_path, {"a": content}), lambda _: COLUMNS, configured(), findings, source="demand")
    expected = f"demand: 1 file {warning}. Rename it if it holds the same data"
    assert findings.messages("warning") == ([expected] if warning else [])


NFC, NFD = "St\u00fcck", "Stu\u0308ck"


@pytest.mark.parametrize("configured_name", [NFC, NFD])
@pytest.mark.parametrize("stored_name", [NFC, NFD])
@pytest.mark.parametrize("name", ["a.csv", "a.parquet", "a.jsonl", "a.arrow", "Stu\u0308ck=2/a.parquet"])
def test_both_ways_to_write_an_accent_are_the_same_name(
    tmp_path: Path, configured_name: str, stored_name: str, name: str
) -> None:
    rows = ROWS.with_columns(y=pl.lit("2")).rename({"y": stored_name})
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    if "=" in name:
        rows.drop(stored_name).write_parquet(path)
    elif path.suffix == ".jsonl":
        rows.write_ndjson(path)
    elif path.suffix == ".arrow":
        rows.write_ipc(path)
    else:
        write(tmp_path, {name: rows})
    config = configured(target=configured_name)
    wanted = [*config.key, config.time, config.target]
    findings = ValidationReport()
    (file,) = open_tables(tmp_path, lambda _: wanted, config, findings, source="demand")
    findings.raise_if_any()
    assert findings.messages("warning") == []
    assert [*file.columns] == ["unique_id", "ds", NFC]
    found = pl.concat(file.batches(10))
    assert found.columns == ["unique_id", "ds", NFC]
    assert found[NFC].cast(pl.String).to_list() == ["2", "2"]


def test_two_columns_that_differ_in_the_way_to_write_an_accent_are_an_error(tmp_path: Path) -> None:
    write(tmp_path, {"a.parquet": ROWS.with_columns(pl.lit(1).alias(NFC), pl.lit(2).alias(NFD))})
    findings = ValidationReport()
    open_tables(tmp_path, lambda _: ["ds", NFC], configured(target=NFC), findings, source="demand")
    assert findings.messages()[0].startswith(f"demand: 1 file with two columns {NFC}, e.g. a.parquet")


def test_files_are_sorted(tmp_path: Path) -> None:
    names = ["b.csv", "a/z.csv", "c.parquet", "a/a.parquet"]
    files = {name: parquet() if name.endswith("parquet") else CSV for name in names}
    assert list(read(write(tmp_path, files))[0]) == sorted(names)


def test_missing_files_are_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"demand: no table in .*\. Put Parquet, CSV, JSON Lines or Arrow files"):
        read(tmp_path)


def test_what_there_is_instead_of_a_table_is_named_with_its_reason(tmp_path: Path) -> None:
    fixed = "".join(f"{key:<9} {day} {value:>5}\n" for key, day, value in ROWS.rows()).encode()
    files = {"a.txt": b"unique_id         ds     y\n" + fixed, "b": b"", "c": bytes(99), "_d": CSV}
    with pytest.raises(InputError) as raised:
        read(write(tmp_path / "in", files))
    assert raised.value.problems == (
        f"demand: no table in {tmp_path / 'in'}, but a.txt ({NOT_SEPARATED}), b (it is empty), c (its content is no "
        f"table). Put {FORMATS} there",
    )
    with pytest.raises(InputError, match=r", but _d \(not read, because the name begins with _ or \.\)\. Put"):
        read(write(tmp_path / "hidden", {"_d": CSV}))


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.parquet", b"", "1 file with no content, e.g. a.parquet"),
        ("x/a.csv", b"", "1 file with no content, e.g. x/a.csv"),
        ("a.parquet", parquet()[:-20], "cannot be read as Parquet, e.g. a.parquet"),
        ("a.parquet", parquet()[:100], "cannot be read as Parquet"),
        ("x/a.parquet", b"PAR1", "cannot be read as Parquet, e.g. x/a.parquet"),
        ("a.csv", b"\n\n", "demand: 1 file"),
        ("a.csv", bytes(range(256)), "demand: 1 file"),
        ("a.csv", b"unique_id,ds,y\n\xe4,2026-11-16,1\n", "cannot be read, e.g. a.csv (line 2 is not UTF-8)"),
        ("a.csv", CSV + b"A,2026-11-16,1,2,3\n", "cannot be read as CSV"),
        ("a.csv", CSV + b'"A,2026-11-16,1\n', "cannot be read as CSV"),
        (
            "a.csv.gz",
            gzip.compress(CSV * 1000, mtime=0)[:-50],
            "cannot be read, e.g. a.csv.gz (its gzip content was cut)",
        ),
        ("a.csv", b"unique_id,week,y\n1,2,3\n", "without the column ds, e.g. a.csv (it has unique_id, week, y)"),
        ("a.parquet", parquet(ROWS.drop("y")), "without the column y, e.g. a.parquet (it has unique_id, ds)"),
    ],
)
def test_an_invalid_file_is_reported_by_name(tmp_path: Path, name: str, content: bytes, expected: str) -> None:
    tables, messages = read(write(tmp_path, {name: content, "sound.csv": CSV}))
    assert list(tables) == ["sound.csv"]
    (message,) = messages
    assert message.startswith("demand: 1 file")
    assert expected in message
    assert ". " in message  # the remedy


def test_a_damaged_parquet_file_never_crashes_the_reader(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    rows = pl.DataFrame({name: [str(at) for at in range(300)] for name in COLUMNS})
    sound = parquet(rows)
    path = tmp_path / "a.parquet"
    for trial in range(250):
        damaged = bytearray(sound[: random.integers(1, len(sound))] if trial % 4 == 0 else sound)
        for _ in range(random.integers(1, 6)):
            # Most damage is in the footer, which has the offsets.
            back = random.integers(1, min(len(damaged), 700) + 1)
            damaged[-back] = random.integers(0, 256)
        path.write_bytes(damaged)
        read(path)


def test_the_same_problem_in_many_files_is_one_message(tmp_path: Path) -> None:
    files = {f"{at:02d}.csv": b"id,ds,y\n" for at in range(40)} | {"a.csv": b""}
    _, messages = read(write(tmp_path, files))
    assert len(messages) == 2
    assert messages[0].startswith(
        "demand: 40 files without the column unique_id, e.g. 00.csv (it has id, ds, y), 01.csv"
    )
    assert messages[0].count(".csv") == 3


LONG = pl.DataFrame({name: [f"{name}{at}" for at in range(2500)] for name in COLUMNS})


def damaged(rows: pl.DataFrame) -> bytes:
    """Return a Parquet file with a valid footer and damaged rows."""
    content = bytearray(parquet(rows))
    content[4:200] = bytes(196)
    return bytes(content)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.parquet", parquet(LONG)),
        ("a.csv", LONG.write_csv().encode()),
        ("a.csv.gz", gzip.compress(LONG.write_csv().encode())),
    ],
)
@pytest.mark.parametrize("size", [1, 999, 2500, 10_000])
def test_a_file_is_streamed_in_order_in_batches_of_limited_size(
    tmp_path: Path, name: str, content: bytes, size: int
) -> None:
    file = opened(tmp_path, name, content)
    batches = list(file.batches(size))
    assert pl.concat(batches).equals(LONG)
    assert max(batch.height for batch in batches) <= size
    assert file.typed == (name == "a.parquet")


def test_a_part_of_a_parquet_file_is_read_alone(tmp_path: Path) -> None:
    file = opened(tmp_path, "a.parquet", parquet(LONG))
    cuts = [0, 1, 7, 1200, 2500]
    for first, end in itertools.pairwise(cuts):
        batches = list(file.batches(500, first=first, rows=end - first))
        assert pl.concat(batches).equals(LONG[first:end])
        assert max(batch.height for batch in batches) <= 500
    assert list(file.batches(500, first=0, rows=0)) == []
    assert pl.concat(file.batches(500, first=2400)).equals(LONG[2400:])


def test_the_number_of_rows_is_known_before_reading(tmp_path: Path) -> None:
    assert opened(tmp_path / "a", "a.parquet", parquet(LONG)).rows == 2500
    assert opened(tmp_path / "b", "a.parquet", parquet(LONG[:0])).rows == 0
    for name, content in (("a.csv", LONG.write_csv().encode()), ("a.csv.gz", gzip.compress(LONG.write_csv().encode()))):
        assert opened(tmp_path / name, name, content).rows in (2500, 2501)  # lines, including the header
    assert opened(tmp_path / "c", "a.csv", b"unique_id,ds,y\n").rows == 0
    assert opened(tmp_path / "d", "a.csv", b"unique_id,ds,y\n1,2,3\n").rows >= 1


SOUND = shop(30, 80)
SOUND_CSV = SOUND.write_csv().encode()


@pytest.mark.parametrize(
    ("name", "content", "beginning", "remedy"),
    [
        ("a.parquet", damaged(SOUND), "Parquet, e.g. x/a.parquet (", "Upload the complete file again"),
        (
            "a.csv",
            SOUND_CSV + b"A,2026-11-16,1,2,3\n",
            "CSV, e.g. x/a.csv (line 2402 has more values than the header: 'A,2026-11-16,1,2,3').",
            "Put values that contain the delimiter in quotes",
        ),
        (
            "a.csv",
            SOUND_CSV + b'"A,2026-11-16,1\n',
            "CSV, e.g. x/a.csv (line 2402 has a quote that does not close: '\"A,2026-11-16,1').",
            "Close the quote, and double each quote inside a value",
        ),
    ],
)
def test_damage_in_the_rows_is_reported(tmp_path: Path, name: str, content: bytes, beginning: str, remedy: str) -> None:
    assert opened(tmp_path, name, content).rows > 0
    files: dict[str, pl.DataFrame | bytes] = {f"x/{name}": content, "sound.csv": series({"B": [1.0, 2.0, 3.0]})}
    (message,) = problems(
        tmp_path / "run", files, sizes=WorkSizes(rows_per_batch=100, rows_worth_a_worker=1), workers=3
    )
    assert message.startswith(f"demand: 1 file that cannot be read as {beginning}")
    assert message.endswith(f"). {remedy}")
