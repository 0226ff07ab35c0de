"""A number with a comma or a point is read in its only sense, or its file is reported."""

import random
from pathlib import Path

import polars as pl
import pytest

from job_code.tables.decimal_signs import DecimalSigns
from job_code.tables.file_splits import Part
from job_code.tables.table_files import open_tables
from job_code.tables.validation_report import ValidationReport
from tests.demand import configured

COLUMNS = ["unique_id", "ds", "y"]
UNCLEAR_POINTS = "whose column y has points that may separate thousands or decimals, e.g. "
UNCLEAR_COMMAS = "whose column y has commas that may separate thousands or decimals, e.g. "
BOTH = "whose column y has numbers with commas and with points, e.g. "
SET = "Set `decimal` to the decimal sign; the other sign then separates thousands"
CHECK = "If this is wrong, set `decimal` to the decimal sign"


def read(
    folder: Path, *files: list[str], size: int = 2, decimal: str | None = None
) -> tuple[list[list[str]], ValidationReport]:
    """Return the numbers of each file as they are read, and the findings of the column."""
    for number, values in enumerate(files):
        text = "".join(f"1,5;2026-11-16;{value}\n" for value in values)
        (folder / f"{number}.csv").write_text(f"unique_id;ds;y\n{text}")
    config, findings = configured(decimal=decimal), ValidationReport()
    found, signs = [], DecimalSigns(config.decimal)
    for file in open_tables(folder, lambda _: COLUMNS, config, findings, source="demand"):
        own = DecimalSigns(config.decimal)  # as another worker
        rows = pl.concat(own.read(batch, ["y"]).rows for batch in Part(file).batches(size))
        assert set(rows["unique_id"]) == {"1,5"}  # a key is text
        found.append(rows["y"].to_list())
        signs.merge(own)
    signs.report(["y"], findings, source="demand")
    return found, findings


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["6,9", "7", "-0,25"], ["6.9", "7", "-0.25"]),
        (["6,95", "1,234"], ["6.95", "1.234"]),
        (["0,125", ",5"], ["0.125", ".5"]),
        (["12,5000", "1,2E+05"], ["12.5000", "1.2E+05"]),
        (["1.234,50", "12,00"], ["1234.50", "12.00"]),
        (["1.234.567,5"], ["1234567.5"]),
        (["1,234.50", "12.00", "-1,234,567"], ["1234.50", "12.00", "-1234567"]),
        (["6.9", "7", "1.234"], ["6.9", "7", "1.234"]),
        (["1.234", ".987", "5"], ["1.234", ".987", "5"]),
        (["1.234", "2.345", "1234.567"], ["1.234", "2.345", "1234.567"]),
        (["987", "12", "1e3"], ["987", "12", "1e3"]),
    ],
)
def test_clear_values_are_read(tmp_path: Path, values: list[str], expected: list[str]) -> None:
    found, findings = read(tmp_path, values)
    assert found == [expected]
    assert findings.messages() == []


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        (["1,234", "987"], f"{UNCLEAR_COMMAS}0.csv ('1,234')"),
        (["1.250", "987"], f"{UNCLEAR_POINTS}0.csv ('1.250' and '987')"),
        (["0", "9.876"], f"{UNCLEAR_POINTS}0.csv ('9.876' and '0')"),
        (["9876", "12.345"], f"{UNCLEAR_POINTS}0.csv ('12.345' and '9876')"),  # the habit of Spain and Poland
        (["1.234.567", "987"], "whose column y has points between thousands, e.g. 0.csv ('1.234.567')"),
        (["6,9", "6.9"], f"{BOTH}0.csv ('6,9' and '6.9')"),
        (["6,9", "1.234"], f"{BOTH}0.csv ('6,9' and '1.234')"),
        (["6.9", "1,234"], f"{BOTH}0.csv ('1,234' and '6.9')"),
        (["1,234", "1.234"], f"{BOTH}0.csv ('1,234' and '1.234')"),
        (["1,234", "1,234,567"], f"{BOTH}0.csv ('1,234' and '1,234,567')"),
    ],
)
def test_values_with_two_senses_are_reported(tmp_path: Path, values: list[str], problem: str) -> None:
    for order in range(6):
        mixed = random.Random(order).sample([*values, *["", "5e0"] * 3], len(values) + 6) if order else values
        assert read(tmp_path, mixed)[1].messages() == [f"demand: 1 file {problem}. {SET}"]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ([["6,9"], ["1,234"]], [["6.9"], ["1.234"]]),  # another file has a decimal comma for sure
        ([["6.9"], ["1.234", "7"]], [["6.9"], ["1.234", "7"]]),
        ([["6,9"], ["6.9"]], [["6.9"], ["6.9"]]),  # each is clear by itself
        ([["6,9", "1,234"], ["6.9", "1.234"]], [["6.9", "1.234"], ["6.9", "1.234"]]),
    ],
)
def test_other_files_decide_what_is_unclear_in_one(
    tmp_path: Path, files: list[list[str]], expected: list[list[str]]
) -> None:
    found, findings = read(tmp_path, *files)
    assert (found, findings.messages()) == (expected, [])


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ([["12"], ["1.250"], ["9.876"]], f"2 files {UNCLEAR_POINTS}1.csv ('1.250' and '12'), 2.csv ('9.876' and '12')"),
        ([["6,9"], ["1.234"]], f"1 file {UNCLEAR_POINTS}1.csv ('1.234' and '6,9')"),
        ([["6.9"], ["1,234"]], f"1 file {UNCLEAR_COMMAS}1.csv ('1,234')"),
        ([["6,9"], ["6.9"], ["1.234"]], f"1 file {UNCLEAR_POINTS}2.csv ('1.234' and '6,9')"),
        ([["6,9"], ["6.9"], ["1,234"]], f"1 file {UNCLEAR_COMMAS}2.csv ('1,234')"),
    ],
)  # fmt: skip
def test_other_files_make_a_file_unclear(tmp_path: Path, files: list[list[str]], problem: str) -> None:
    assert read(tmp_path, *files)[1].messages() == [f"demand: {problem}. {SET}"]


def test_the_setting_decides(tmp_path: Path) -> None:
    def found(values: list[str], decimal: str) -> list[str]:
        numbers, findings = read(tmp_path, values, decimal=decimal)
        assert [*findings.messages(), *findings.messages("note")] == []
        return numbers[0]

    assert found(["1,234", "1.234", "9", "1.234.567,5"], ",") == ["1.234", "1234", "9", "1234567.5"]
    assert found(["1.234", "1,234", "9", "1,234,567.5"], ".") == ["1.234", "1234", "9", "1234567.5"]
    assert found(["6,9", "red, blue"], ".") == ["6,9", "red, blue"]  # the check of the column reports them


def test_a_decimal_point_contradicts_the_comma(tmp_path: Path) -> None:
    assert read(tmp_path, ["1,5", "6.9"], ["1,5"], decimal=",")[1].messages() == [
        "demand: 1 file whose column y has decimal points, but `decimal` is the comma, e.g. 0.csv ('6.9'). "
        "Write all numbers with one decimal sign"
    ]


@pytest.mark.parametrize(
    ("decimal", "values", "other", "sign"),
    [
        (",", ["9.876", "1.250"] * 3, ["6,125"], "point"),
        (".", ["9,876", "1,250"] * 3, ["6.125"], "comma"),
        (",", ["9.876", "1.250"] * 3, ["6"], ""),
        (",", ["9.876", "950"] * 6, ["6,5"], ""),
        (",", ["9.876", "1.234.567"] * 6, ["6,5"], ""),
        (",", ["9.876", "1,5"] * 6, ["6,5"], ""),
        (".", ["9,876", "1,250"] * 3, ["6"], ""),
        (".", ["9,876", "950"] * 6, ["6.5"], ""),
        (".", ["9,876", "1,234.5"] * 6, ["6.5"], ""),
        (".", ["9,876", "1.500"] * 6, ["6.5"], ""),
        (",", ["9.876"], ["6,125"], ""),  # one value may have three digits by chance
        (".", ["9,876"], ["6.125"], ""),
        (",", ["9.876", "1.250"] * 3, [*["12"] * 19, "6,125"], ""),  # the other file has hardly any decimals
        (".", ["9,876", "1,250"] * 3, [*["12"] * 19, "6.125"], ""),
    ],
)
def test_files_that_probably_have_the_other_sign_are_a_warning(
    tmp_path: Path, decimal: str, values: list[str], other: list[str], sign: str
) -> None:
    _, findings = read(tmp_path, values, other, decimal=decimal, size=50)
    expected = (
        f"demand: 1 file whose column y has three digits after every {sign}, while other files have decimals, "
        f"e.g. 0.csv ({values[0]!r}). Write all numbers with one decimal sign"
    )
    found = [*findings.messages(), *findings.messages("warning"), *findings.messages("note")]
    assert found == ([expected] if sign else [])


def test_commas_are_counted(tmp_path: Path) -> None:
    _, findings = read(tmp_path, ["7", "6,9", "1,234", "0,5"] * 10, ["7,125", "6,9"], ["1,234.5", "12.5"])
    assert findings.messages("note") == [
        f"demand: 32 values in y with a decimal comma, e.g. '6,9' in 0.csv, '6,9' in 1.csv. {CHECK}",
        f"demand: 1 value in y with commas between thousands, e.g. '1,234.5' in 2.csv. {CHECK}",
    ]


def test_three_digits_after_every_point_are_noted(tmp_path: Path) -> None:
    found, findings = read(tmp_path, ["9.876", "12.345"], ["1.250"])
    assert found == [["9.876", "12.345"], ["1.250"]]
    assert [*findings.messages(), *findings.messages("note")] == [
        "demand: 2 files whose column y has three digits after every point, which is read as a decimal point, "
        f"e.g. 0.csv ('9.876'), 1.csv ('1.250'). {CHECK}"
    ]


@pytest.mark.parametrize("values", [["n/a", "110.120.130"], ["small, blue", ""], ["1.2.3", "10.0.0.1"], ["1 234", "x"]])
def test_words_stay_as_they_are(tmp_path: Path, values: list[str]) -> None:
    for decimal in (None, ".", ","):
        found, _ = read(tmp_path, values, decimal=decimal)
        assert found[0][0] == values[0]


@pytest.mark.parametrize("dtype", [pl.String, pl.Categorical])
def test_text_numbers_in_other_formats_have_signs_too(tmp_path: Path, dtype: type[pl.DataType]) -> None:
    frame = pl.DataFrame({"unique_id": "1,5", "ds": "2026-11-16", "y": ["750", "1.005"]})
    frame.write_ndjson(tmp_path / "a.jsonl")
    frame.with_columns(pl.col("y").cast(dtype)).write_parquet(tmp_path / "b.parquet")
    frame.with_columns(y=pl.Series([750, 1005])).write_parquet(tmp_path / "c.parquet")
    _, findings = read(tmp_path, ["9"])
    assert findings.messages() == [
        f"demand: 2 files {UNCLEAR_POINTS}a.jsonl ('1.005' and '9'), b.parquet ('1.005' and '9'). {SET}"
    ]
