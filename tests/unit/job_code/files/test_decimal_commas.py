"""A number with a comma or a point is read in its only sense, or the file is refused."""

import random
from pathlib import Path

import polars as pl
import pytest

from job_code.files.find_files import FoundFile
from job_code.files.open_file import open_file
from job_code.files.reader import Reading
from job_code.files.unreadable import UnreadableFileError
from tests.demand import configured

COLUMNS = ["unique_id", "ds", "y"]


def read(folder: Path, values: list[str], *, size: int = 7, **settings: object) -> tuple[list[str], list[str]]:
    """Return the values of a column as they are read, and the remarks."""
    path = folder / "a.csv"
    path.write_text("unique_id;ds;y\n" + "".join(f"1,5;2026-11-16;{value}\n" for value in values))
    reader = open_file(FoundFile(path=path, name="a.csv"), lambda _: COLUMNS, configured(**settings), is_given=True)
    assert reader is not None
    reading = Reading(size=size)
    rows = pl.concat(reader.batches(COLUMNS, reading))
    assert set(rows["unique_id"]) == {"1,5"}  # a key is text
    return rows["y"].to_list(), [f"{each.count} {each.problem}, {each.example}" for each in reading.remarks]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["6,9", "7", "-0,25"], ["6.9", "7", "-0.25"]),
        (["6,95", "1,234"], ["6.95", "1.234"]),
        (["0,125"], ["0.125"]),
        (["12,5000"], ["12.5000"]),
        (["1.234,50", "12,00"], ["1234.50", "12.00"]),
        (["1.234.567,5"], ["1234567.5"]),
        (["6.9", "7", "1.234"], ["6.9", "7", "1.234"]),
        (["1.234", "0.987", "5"], ["1.234", "0.987", "5"]),
        (["1.234", "2.345", "1500", "3.456"], ["1.234", "2.345", "1500", "3.456"]),
        (["1.234", "2.345", "3.456", "4.500"], ["1.234", "2.345", "3.456", "4.500"]),
        (["1.234", "2.345", "5"], ["1.234", "2.345", "5"]),
        (["987", "12", "1e3"], ["987", "12", "1e3"]),
    ],
)
def test_clear_values_are_read(tmp_path: Path, values: list[str], expected: list[str]) -> None:
    assert read(tmp_path, values)[0] == expected


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        (["1,234", "987"], "the column y has values like '1,234' (1): thousands, or a decimal comma"),
        (["1,234,567", "987"], "the column y has values like '1,234,567' (1): thousands, or a decimal comma"),
        (
            ["1.234", "987", "2.500", "9.876"],
            "the column y has values like '1.234' (3) and whole numbers up to 999",
        ),
        (["6,9", "6.9"], "the column y has decimal commas and points, e.g. '6,9' and '6.9'"),
        (["6,9", "1.234"], "the column y has decimal commas and points, e.g. '6,9' and '1.234'"),
    ],
)
def test_values_with_two_senses_are_refused(tmp_path: Path, values: list[str], problem: str) -> None:
    for order in range(5):
        with pytest.raises(UnreadableFileError) as raised:
            read(tmp_path, random.Random(order).sample(values, len(values)) if order else values, size=2)
        assert raised.value.reason[:20] == problem[:20]
        assert raised.value.remedy == "Set `decimal` to the decimal sign of the numbers"
    with pytest.raises(UnreadableFileError) as raised:
        read(tmp_path, values)
    assert raised.value.reason.startswith(problem)


def test_the_setting_decides(tmp_path: Path) -> None:
    assert read(tmp_path, ["1,234", "1.234", "9"], decimal=",")[0] == ["1.234", "1234", "9"]
    assert read(tmp_path, ["1.234", "2.345", "3.456", "9"], decimal=".")[0] == ["1.234", "2.345", "3.456", "9"]
    assert read(tmp_path, ["1,234"], decimal=".")[0] == ["1,234"]  # the check of the target reports it
    with pytest.raises(UnreadableFileError, match=r"'6\.9' in y has a decimal point, but `decimal` is the comma"):
        read(tmp_path, ["1,5", "6.9"], decimal=",")


def test_decimal_commas_are_counted(tmp_path: Path) -> None:
    _, remarks = read(tmp_path, ["7", "6,9", "1,234", "0,5"] * 10)
    assert remarks == ["30 in y with a decimal comma, 6,9"]


@pytest.mark.parametrize("values", [["n/a", "1,234"], ["1,234", "", "small, blue"], ["red, blue", "green"]])
def test_words_are_left_to_the_check_of_the_column(tmp_path: Path, values: list[str]) -> None:
    found, remarks = read(tmp_path, values)
    assert [value for value in found if value and value[0].isalpha()] == [v for v in values if v and v[0].isalpha()]
    assert remarks == []
