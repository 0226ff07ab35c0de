"""JSON Lines: types are kept, every line is read, and what is wrong is named with its line."""

import json
import tempfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from job_code.files.json_lines import JsonReader, open_json
from job_code.files.reader import Reading
from job_code.files.recognize import recognize
from job_code.files.unreadable import UnreadableFileError


def opened(folder: Path, content: str | bytes) -> JsonReader:
    path = folder / "a.jsonl"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    found = recognize(path, encoding="utf-8", wanted=(), is_table=True)
    assert found is not None
    return open_json(path, found)


def read(folder: Path, content: str | bytes, columns: list[str]) -> pl.DataFrame:
    return pl.concat(opened(folder, content).batches(columns, Reading(size=2)))


def test_types_are_kept(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"id": 7, "text": "007", "y": 1, "big": 2**63, "flag": True, "none": None},
        {"y": 2.5, "id": -(2**62), "text": "7", "big": 0, "flag": None, "extra": {"a": [1]}},
        {"id": 3},
    ]
    columns = ["id", "text", "y", "big", "flag", "none"]
    found = read(tmp_path, "".join(json.dumps(row) + "\n" for row in rows), columns)
    assert found.schema == {
        "id": pl.Int64,
        "text": pl.String,
        "y": pl.Float64,
        "big": pl.UInt64,
        "flag": pl.Boolean,
        "none": pl.Null,
    }
    assert found.to_dicts() == [{column: row.get(column) for column in columns} for row in rows]


def test_places_are_the_lines_of_the_file(tmp_path: Path) -> None:
    for encoding in ("utf-8-sig", "utf-16"):
        reader = opened(tmp_path, '\n{"a": "x\u2028"}\r\n\n \n{"a": "y"}\n'.encode(encoding))
        assert reader.rows == 2
        assert reader.places([0, 1]) == ["line 2", "line 5"]


def test_empty_lines_are_counted_and_left_out(tmp_path: Path) -> None:
    reader, reading = opened(tmp_path, '\ufeff{"y": 1}\r\n\r\n  \n{"y": 2}'), Reading(size=10)
    assert pl.concat(reader.batches(["y"], reading))["y"].to_list() == [1, 2]
    assert [(each.noun, each.count) for each in reading.remarks] == [("line", 2)]
    assert reader.rows == 2


SOUND = '{"y": 1}\n'


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"y": 1', "line 3 is not JSON: '{\"y\": 1'"),
        ("[1, 2]", "line 3 is no JSON object: '[1, 2]'"),
        ("null", "line 3 is no JSON object: 'null'"),
        ("y,1", "line 3 is not JSON: 'y,1'"),
        ('{"y": 1, "y": 2}', "line 3 has a column twice"),
        ('{"y": "n/a"}', "line 3, column y: 'n/a' is text, and a number in lines before"),
        ('{"y": true}', "line 3, column y: True is a boolean, and a number in lines before"),
        ('{"y": [1]}', "line 3, column y: [('', 1)] is an object or a list"),
        ('{"y": 18446744073709551616}', "line 3, column y: 18446744073709551616 is a number with too many digits"),
        ('{"x": "\\ud83d"}', "line 3 has half a character"),
        ("[" * 100_000, "line 3 is not JSON"),
    ],
)
def test_an_invalid_line_is_refused_with_its_number(tmp_path: Path, line: str, reason: str) -> None:
    with pytest.raises(UnreadableFileError) as raised:
        read(tmp_path, f"{SOUND * 2}{line}\n{SOUND}", ["y"])
    assert raised.value.reason.startswith(reason.replace("[('', 1)]", "[1]"))
    assert raised.value.remedy


def test_an_integer_that_a_float_cannot_hold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match=r"line 2, column id: 0\.5 is a number with too many digits"):
        read(tmp_path, f'{{"id": {2**53 + 1}}}\n{{"id": 0.5}}\n', ["id"])


def test_only_wanted_columns_must_be_single_values(tmp_path: Path) -> None:
    content = '{"y": 1, "tags": ["a"]}\n{"y": 2, "tags": {"b": 1}}\n'
    assert read(tmp_path, content, ["y"])["y"].to_list() == [1, 2]


def test_a_line_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    late = SOUND * 200_000
    with pytest.raises(UnreadableFileError, match="line 200001 is not UTF-8"):
        opened(tmp_path, late.encode() + b'{"y": "\xfc"}\n')


@pytest.mark.parametrize("separator", ["\x85", "\u2028", "\x0b", "\x1e"])
def test_a_value_may_hold_what_breaks_a_line_of_text(tmp_path: Path, separator: str) -> None:
    content = json.dumps({"c": f"a{separator}b"}, ensure_ascii=False) + "\n"
    assert read(tmp_path, content, ["c"])["c"].to_list() == [f"a{separator}b"]


VALUES = {
    "a": st.integers(-(2**63), 2**63 - 1),
    "b": st.floats(allow_nan=False, allow_infinity=False),
    "c": st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    "d": st.booleans(),
}


@given(
    rows=st.lists(st.fixed_dictionaries({}, optional={k: st.none() | v for k, v in VALUES.items()}), min_size=1),
    ascii_only=st.booleans(),
)
def test_random_objects_are_read_as_python_reads_them(rows: list[dict[str, object]], ascii_only: bool) -> None:
    content = "".join(json.dumps(row, ensure_ascii=ascii_only) + "\n" for row in rows)
    columns = sorted({name for row in rows for name in row})
    # A folder of pytest takes longer the more there are.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if not columns:
            assert opened(folder, content).rows == len(rows)
            return
        assert read(folder, content, columns).to_dicts() == [
            {column: row.get(column) for column in columns} for row in rows
        ]
