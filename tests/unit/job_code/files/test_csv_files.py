"""Every row of a CSV file is read as Python's own reader reads it, or the file is refused with the line."""

import csv
import gzip
import io
import pickle
import tempfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from job_code.config_rules import composed
from job_code.files.csv_files import CsvReader, open_csv
from job_code.files.find_files import FoundFile
from job_code.files.open_file import open_file
from job_code.files.reader import Reading, Remark
from job_code.files.recognize import recognize
from job_code.files.unreadable import UnreadableFileError
from tests.demand import configured

HEADER = ["unique_id", "ds", "y", "description"]
WANTED = HEADER[:3]
ROWS = [[f"A{number % 30:03d}", f"2026-01-{number % 28 + 1:02d}", str(number), "plain"] for number in range(20_000)]
LINES = [",".join(row) for row in [HEADER, *ROWS]]


def opened_csv(path: Path, columns: list[str] = WANTED, *, encoding: str = "utf-8") -> CsvReader:
    content = recognize(path, encoding=encoding, wanted=columns, is_table=True)
    assert content is not None
    return open_csv(
        path,
        content,
        lambda header: len(set(columns) - set(header)),
    )


def read(
    path: Path,
    columns: list[str] = WANTED,
    *,
    encoding: str = "utf-8",
    remarks: list[Remark] | None = None,
) -> pl.DataFrame:
    """Read columns of a file, with the delimiter under which its header has most of them."""
    reader = opened_csv(path, columns, encoding=encoding)
    empty = pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
    reading = Reading(size=5_000, remarks=[] if remarks is None else remarks)
    return pl.concat([empty, *reader.batches(columns, reading)])


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "a.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def with_lines(changed: dict[int, str], end: str = "\n") -> str:
    """Return the lines of a file, some of them changed. The header is line 1."""
    return "\n".join(changed.get(number, line) for number, line in enumerate(LINES, start=1)) + end


@pytest.mark.parametrize("lines", [(7,), (7, 9002), (7, 8, 9, 9002), tuple(range(100, 20_000, 100))])
def test_stray_quotes_in_an_unused_column_lose_no_row(tmp_path: Path, lines: tuple[int, ...]) -> None:
    path = written(tmp_path, with_lines({line: LINES[line - 1].replace("plain", 'TV 55" LED') for line in lines}))
    assert read(path).rows() == [tuple(row[:3]) for row in ROWS]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("A001,2026-01-01,3", "line 78 has fewer values than the header: 'A001,2026-01-01,3'"),
        ("A001,2026-01-01,3,a,b", "line 78 has more values than the header"),
        ('A001,2026-01-01,3,"a"b', "line 78 has a quote that does not close"),
        ('A001,2026-01-01,3,"open', "line 78 has a quote that does not close"),
    ],
)
def test_an_invalid_row_is_refused_with_its_line(tmp_path: Path, line: str, expected: str) -> None:
    with pytest.raises(UnreadableFileError) as raised:
        read(written(tmp_path, with_lines({78: line})))
    assert raised.value.reason.startswith(expected)
    assert "\n" not in raised.value.reason


def test_all_invalid_rows_are_counted(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match=r"line 78 has fewer values .*; 59 other rows are invalid"):
        read(written(tmp_path, with_lines(dict.fromkeys(range(78, 138), "A001,2026-01-01"))))


def test_a_missing_quote_does_not_swallow_rows(tmp_path: Path) -> None:
    changed = {100: 'A001,2026-01-01,3,"open', 9_000: 'A001,2026-01-01,3,close"'}
    with pytest.raises(UnreadableFileError, match="a quoted value in the lines 100 to 9000 holds whole rows"):
        read(written(tmp_path, with_lines(changed)))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ('A001,2026-01-01,3,"Pro drill', 'A001,2026-01-02,4,Lamp 22"'),
        ('A001,2026-01-01,"3,Pro drill', 'A001,2026-01-02,4",Lamp 22'),
        ('"A001,2026-01-01,3,Pro drill', 'A001",2026-01-02,4,Lamp 22'),
        ('A001,2026-01-01,3,"Pro, drill', 'A001,2026-01-02,4,Lamp 22\nA001,2026-01-03,4,Lamp 22"'),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_quotes_in_neighboring_rows_do_not_swallow_one(tmp_path: Path, first: str, second: str, end: str) -> None:
    text = with_lines({100: first, 101: second})
    with pytest.raises(UnreadableFileError, match=r"a quoted value in the lines 100 to 10[12] holds whole rows"):
        read(written(tmp_path, text.replace("\n", end)))


def test_a_row_is_known_by_one_number_or_date(tmp_path: Path) -> None:
    """The first row has numbers where the swallowed row has words."""
    changed = {2: "1001,2026-01-01,3,55", 100: 'A001,2026-01-01,3,"Pro drill', 101: 'A001,2026-01-02,,Lamp 22"'}
    with pytest.raises(UnreadableFileError, match="a quoted value in the lines 100 to 101 holds whole rows"):
        read(written(tmp_path, with_lines(changed)))


@pytest.mark.parametrize(
    "text",
    [
        "Shirt\nred, blue, green",
        "Shirt\nred,blue, 3,new",
        "1,2,3\nA001;2026",
        "one\n\n\ntwo",
        "Sizes\n10,20,30,40\n",
        "Sold\nby,2026,5,shops\nin town",
        "Log\nred\nblue\nA001,2026-01-02,4,x\ngreen",
        ",,,\n,,,\n",
    ],
)
def test_sentences_with_commas_are_no_rows(tmp_path: Path, text: str) -> None:
    path = written(tmp_path, with_lines({100: f'A001,2026-01-01,3,"{text}"'}))
    assert read(path, HEADER).row(98) == ("A001", "2026-01-01", "3", text)


WORDS = "name,day,color,text\nnorth,mon,red,plain\nsouth,tue,blue,plain\n"


@pytest.mark.parametrize(
    "text",
    [
        f'{WORDS}east,wed,red,"Shirts\nare,made,of,wool\n"\n',
        'id,y,z\na,1,2\nb,3,4\nc,5,"Sizes\n10,20,30\n"\n',
    ],
)
def test_a_text_that_may_be_a_row_is_refused_with_a_cure_that_works(tmp_path: Path, text: str) -> None:
    with pytest.raises(UnreadableFileError, match="in the lines 4 to 6 holds whole rows") as raised:
        read(written(tmp_path, text), text.split("\n")[0].split(","))
    assert raised.value.remedy.endswith("replace its line breaks, or write the file as Parquet")
    header, *rows = csv.reader(io.StringIO(text))
    pl.DataFrame(rows, schema=header, orient="row").write_parquet(tmp_path / "a.parquet")
    found = FoundFile(path=tmp_path / "a.parquet", name="a.parquet")
    reader = open_file(found, lambda _: header, configured(), is_given=True)
    assert reader is not None
    assert pl.concat(reader.batches(header, Reading(size=9))).rows() == [tuple(row) for row in rows]
    one_line = text.replace("Shirts\n", "Shirts ").replace("Sizes\n", "Sizes ").replace('\n"', '"')
    assert read(written(tmp_path, one_line), header).height == len(rows)


@pytest.mark.parametrize("separator", [", ", ","])
def test_rows_of_a_file_of_multi_line_texts_are_known(tmp_path: Path, separator: str) -> None:
    """No row is on one line, and one holds the beginning of the next."""
    whole = [separator.join([f"A{at}", f"2026-01-{at + 1:02d}", str(at), f'"Lamp\n{at}, new"']) for at in range(20)]
    whole = [line.replace(', "', ',"') for line in whole]  # a quote opens at the beginning of a value
    text = separator.join(HEADER) + "\n" + "\n".join(whole) + "\n"
    assert read(written(tmp_path, text)).height == 20
    swallowed = separator.join(["A7", "2026-01-08", "7", "Lamp"])
    lost = text.replace("Lamp\n7, new", f"Lamp\n{swallowed}\nnew")
    with pytest.raises(UnreadableFileError, match="holds whole rows"):
        read(written(tmp_path, lost))


def test_a_swallowed_row_with_an_odd_value_is_known(tmp_path: Path) -> None:
    changed = {100: 'A001,2026-01-01,3,"Pro drill', 101: 'A001,2026-01-02,none,Lamp 22"'}
    with pytest.raises(UnreadableFileError, match="a quoted value in the lines 100 to 101 holds whole rows"):
        read(written(tmp_path, with_lines(changed)))


@pytest.mark.parametrize("size", [1, 50])
@pytest.mark.parametrize(("first", "second"), [("\r\n", "\n"), ("\n", "\r\n"), ("\n", "\r")])
def test_files_with_several_line_ends_are_read(tmp_path: Path, first: str, second: str, size: int) -> None:
    """The parts of a file come from Windows and from Linux. The second kind of line ends begins early or late."""
    parts = with_lines({500: 'A001,2026-01-01,3,"a\nb, ""c"""'}) * size
    at = len(parts) * 3 // 4 if size > 1 else parts.index("\n", 3_000)
    at = parts.index("\n", at) + 1
    remarks: list[Remark] = []
    path = written(tmp_path, parts[:at].replace("\n", first) + parts[at:].replace("\n", second))
    with path.open(newline="") as file:
        expected = [tuple(row[:3]) for row in csv.reader(file)][1:]
    assert read(path, remarks=remarks).rows() == expected
    assert [each.problem for each in remarks] == ["with several kinds of line ends, all read as line ends"]


def test_a_file_with_several_line_ends_may_be_cut(tmp_path: Path) -> None:
    text = with_lines({}, end="")
    with pytest.raises(UnreadableFileError, match="line 20001 ends without a line break"):
        read(written(tmp_path, text[:9_000] + text[9_000:].replace("\n", "\r\n")))


def test_a_carriage_return_in_a_value_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="line 101 has fewer values than the header: 'Lamp'"):
        read(written(tmp_path, with_lines({100: "A001,2026-01-01,3,TV\rLamp"})))


def test_an_invalid_quote_in_a_file_with_several_line_ends_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, with_lines({100: "A001,2026-01-01,3,TV\r", 200: 'A001,2026-01-01,3,"Lamp" 22'}))
    with pytest.raises(UnreadableFileError, match=r"line 20[01]"):
        read(path)


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        ("\n", "the column names are in line 2"),
        ("   \n", "the column names are in line 2"),
        (",,,\n", "the column names are in line 2"),
        ("# exported\n#\n", "the column names are in line 3"),
        ("Sales of 2026\n\n", "the column names are in line 3"),
        ("sep=,\n\n", "the column names are in line 3"),
    ],
)
def test_lines_before_the_header_are_named(tmp_path: Path, before: str, reason: str) -> None:
    with pytest.raises(UnreadableFileError) as raised:
        read(written(tmp_path, before + with_lines({})))
    assert (raised.value.reason, raised.value.remedy) == (reason, "Delete the lines before it")


@pytest.mark.parametrize("sign", ["^", "\x01", "~", ":", " "])
def test_another_delimiter_is_named(tmp_path: Path, sign: str) -> None:
    with pytest.raises(UnreadableFileError) as raised:
        read(written(tmp_path, with_lines({}).replace(",", sign)))
    assert raised.value.reason == f"its values are separated by {sign!r}"
    assert raised.value.remedy == "Separate them by a comma, a semicolon, a tab or |"


def test_a_header_without_the_columns_is_a_header(tmp_path: Path) -> None:
    path = written(tmp_path, with_lines({1: "id,date,sales,text"}))
    assert opened_csv(path).names == ("id", "date", "sales", "text")


def test_a_file_that_python_cannot_count_is_refused(tmp_path: Path) -> None:
    changed = {100: 'A001,2026-01-01,3,"first\nsecond"', 200: 'A001,2026-01-01,3,"closed" '}
    with pytest.raises(UnreadableFileError, match="its rows cannot be counted"):
        read(written(tmp_path, with_lines(changed)))


def test_values_with_line_breaks_are_values(tmp_path: Path) -> None:
    path = written(tmp_path, with_lines({100: 'A001,2026-01-01,3,"first\nsecond, and third"'}))
    assert read(path, HEADER).row(98) == ("A001", "2026-01-01", "3", "first\nsecond, and third")
    assert read(path).height == 20_000


@pytest.mark.parametrize("last", ["A029,2026-11-16,9,plain", "A029,2026-11-16,93.0,pla"])
def test_a_file_that_was_cut_in_its_last_line_is_refused(tmp_path: Path, last: str) -> None:
    with pytest.raises(UnreadableFileError, match="line 20001 ends without a line break"):
        read(written(tmp_path, with_lines({20_001: last}, end="")))


def test_a_spreadsheet_may_leave_out_the_last_line_break(tmp_path: Path) -> None:
    assert read(written(tmp_path, with_lines({}, end="").replace("\n", "\r\n"))).height == 20_000


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("rows", [3, 20_000])
def test_the_end_mark_of_dos_is_no_row(tmp_path: Path, packed: bool, encoding: str, rows: int) -> None:
    content = ("\r\n".join(LINES[: rows + 1]) + "\r\n\x1a").encode(encoding)
    path = written(tmp_path, gzip.compress(content) if packed else content)
    found = read(path)
    assert found.equals(read(written(tmp_path, "\n".join(LINES[: rows + 1]) + "\n")))
    marked = written(tmp_path, ("\n".join(LINES[: rows + 1]) + "\n\x1a").encode(encoding))
    assert recognize(marked, encoding="utf-8", wanted=WANTED, is_table=False) is not None


def test_an_end_mark_within_a_file_is_an_invalid_row(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match=r"line 7 has fewer values than the header: .*x1a"):
        read(written(tmp_path, with_lines({7: "\x1a"})))


def test_lines_that_end_with_a_carriage_return_alone_are_rows(tmp_path: Path) -> None:
    assert read(written(tmp_path, with_lines({}).replace("\n", "\r"))).height == 20_000


def test_a_late_byte_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    content = with_lines({}).encode() * 3 + b"M\xfcller,2026-01-01,3,plain\n"
    with pytest.raises(UnreadableFileError, match="line 60004 is not UTF-8"):
        read(written(tmp_path, content))


def test_rows_without_any_value_are_left_out_and_counted(tmp_path: Path) -> None:
    remarks: list[Remark] = []
    path = written(tmp_path, with_lines({100: ",,,", 200: '"",,"",', 300: ",,7,"}))
    rows = read(path, remarks=remarks)
    assert rows.height == 19_998
    assert rows.row(296) == (None, None, "7")
    assert [(each.noun, each.problem, each.count) for each in remarks] == [
        ("row", "not read, because no column has a value", 2)
    ]


def test_a_row_without_a_wanted_value_may_have_another(tmp_path: Path) -> None:
    remarks: list[Remark] = []
    path = written(tmp_path, with_lines({100: ",,,only", 200: ",,,", 15_000: ",,,", 15_001: ",,,only"}))
    rows = read(path, remarks=remarks)
    assert rows.height == 19_998
    assert [at for at, row in enumerate(rows.rows()) if row == (None, None, None)] == [98, 14_997]
    assert rows[14_998:].rows() == [tuple(row[:3]) for row in ROWS[15_000:]]
    assert [each.count for each in remarks] == [2]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("declaration", "encoding"),
    [
        ("sep=;", "utf-8"),
        ("sep=;", "utf-8-sig"),
        ("SEP=;", "utf-16"),
        ('"sep=;"', "utf-8"),
        ('"sep=;"', "utf-8-sig"),
        ('"sep=;"', "utf-16"),
        ("sep=;;", "utf-8"),
    ],
)
def test_the_line_that_declares_the_delimiter_is_no_row(
    tmp_path: Path, declaration: str, encoding: str, end: str
) -> None:
    remarks: list[Remark] = []
    text = f"{declaration}\nunique_id;ds;y\nÄ;2026-01-01;3\n\nB,C;2026-01-02;\n".replace("\n", end)
    path = written(tmp_path, text.encode(encoding))
    assert read(path, remarks=remarks).rows() == [("Ä", "2026-01-01", "3"), ("B,C", "2026-01-02", None)]
    assert [(each.problem, each.example) for each in remarks] == [
        ("before the header, which declares the delimiter", "sep=;")
    ]
    assert opened_csv(path).places([0, 1]) == ["line 3", "line 5"]
    with pytest.raises(UnreadableFileError, match="line 6 has more values"):
        read(written(tmp_path, f"{text}C;2026-01-03;1;2{end}".encode(encoding)))


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_places_are_the_lines_of_the_file(tmp_path: Path, end: str) -> None:
    """Empty lines, rows without a value and line breaks in values are lines, too."""
    text = 'unique_id,ds,y\n\nA,2026-01-01,1\n,,\n"B\nC",2026-01-01,2\n"",,""\nD,2026-01-01,3\n'
    path = written(tmp_path, text.replace("\n", end))
    assert read(path)["y"].to_list() == ["1", "2", "3"]
    assert opened_csv(path).places([0, 1, 2]) == ["line 3", "line 5", "line 8"]
    assert opened_csv(path).places([2]) == ["line 8"]


def test_places_in_a_file_that_python_reads_otherwise_are_rows(tmp_path: Path) -> None:
    path = written(tmp_path, with_lines({}))
    assert opened_csv(path).places([19_999, 20_000]) == ["row 20,000", "row 20,001"]


@pytest.mark.parametrize("name", ["ORC", "FEA1", "PARE", "PAR1", "ARROW1", "Rar!", "BZh91", "SQLite format 3"])
def test_a_column_may_be_named_like_a_binary_format(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, f"{name},ds\n7,2026-01-01\n")
    assert read(path, [name, "ds"]).rows() == [("7", "2026-01-01")]


def test_a_line_of_blanks_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="line 100 has fewer values than the header: '  '"):
        read(written(tmp_path, with_lines({100: "  "})))


def test_the_error_reaches_another_process() -> None:
    error = UnreadableFileError("line 7 is not UTF-8", remedy="Save the file as UTF-8", file_format="CSV")
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.remedy, copy.file_format) == (str(error), error.remedy, error.file_format)
    assert str(error) == "line 7 is not UTF-8"


def test_a_cut_compressed_file_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, gzip.compress(with_lines({}).encode() * 5)[:-2000])
    with pytest.raises((UnreadableFileError, EOFError)):
        read(path)


TEXT = st.text(
    alphabet=st.one_of(
        st.sampled_from(["a", "B", "7", ".", "-", " ", ",", ";", "\t", "|", '"', "'", "\n", "ü", "€", "語"]),
        st.characters(codec="utf-8", exclude_characters="\x00\r", exclude_categories=("Cc", "Cs")),
    ),
    max_size=12,
)
NAMES = st.text(alphabet=st.characters(codec="utf-8", categories=("L", "N")), min_size=1, max_size=8)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    header = draw(st.lists(NAMES, min_size=2, max_size=6, unique_by=composed))
    row = st.lists(TEXT, min_size=len(header), max_size=len(header)).filter(any)
    return header, draw(st.lists(row, max_size=40))


DIALECTS = st.fixed_dictionaries(
    {
        "delimiter": st.sampled_from([",", ";", "\t", "|"]),
        "quoting": st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
        "lineterminator": st.sampled_from(["\n", "\r\n"]),
    }
)


@given(
    table=tables(),
    dialect=DIALECTS,
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    compressed=st.booleans(),
    data=st.data(),
)
def test_random_tables_are_read_as_python_reads_them(
    table: tuple[list[str], list[list[str]]],
    dialect: dict[str, Any],
    encoding: str,
    compressed: bool,
    data: st.DataObject,
) -> None:
    header, rows = table
    text = io.StringIO()
    csv.writer(text, **dialect).writerows([header, *rows])
    content = text.getvalue().encode(encoding)
    columns = data.draw(st.lists(st.sampled_from(header), min_size=1, unique=True))
    expected = [tuple(row[header.index(column)] or None for column in columns) for row in rows]
    refused = None
    # A folder of pytest takes longer the more there are.
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder), gzip.compress(content) if compressed else content)
        try:
            found = read(path, [*map(composed, columns)]).rows()
        except UnreadableFileError as error:
            found, refused = expected, error.reason
    assert found == expected
    assert refused is None or "holds whole rows" in refused
