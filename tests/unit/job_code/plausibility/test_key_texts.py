"""Keys that look alike, words for missing keys, and rounded numbers."""

import unicodedata

import polars as pl
import pytest

from job_code.plausibility.key_texts import check_key_texts, simplified
from job_code.tables.validation_report import ValidationReport


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Köln-1", unicodedata.normalize("NFD", "Köln-1")),
        ("Shop 1", "Shop\u00a01"),
        ("Shop 1", "Shop  1"),
        ("Shop 1", " Shop\t1 "),
        ("A1", "\ufeffA1"),
        ("A1", "A\u200b1"),
        ("A1", "A1\x00\x00"),
        ("A1", "\uff21\uff11"),
        ("A1", "a1"),
        ("001", '="001"'),
        ("001", "'001"),
        ("001", "1"),
        ("A1", "'A1'"),
        ("A1", '"A1"'),
        ("A1", "\u201cA1\u201d"),
        ("1000", "1,000"),
        ("1234567", "1,234,567"),
        ("1000", "1000.0"),
        ("1000", "1000.00"),
        ("A-1", "A\u20131"),
        ("A-1", "A\u22121"),
        ("2020-01-01", "2020-01-01 00:00:00.000000"),
        ("2020-01-01", "2020-01-01T00:00:00"),
    ],
)
def test_ways_to_write_one_key_are_equal(one: str, other: str) -> None:
    assert simplified(pl.Series("key", [one]))[0] == simplified(pl.Series("key", [other, "x"]))[0]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("A1", "A2"),
        ("A 1", "A1"),
        ("1.5", "1.50"),
        ("1,5", "15"),
        ("A.0", "A"),
        ("1-2", "12"),
        ("a/b", "ab"),
        ("2020-01-01 05:00:00", "2020-01-01"),
        ("100", "1"),
    ],
)
def test_other_keys_stay_different(one: str, other: str) -> None:
    assert simplified(pl.Series("key", [one]))[0] != simplified(pl.Series("key", [other]))[0]


def warnings_of(*keys: str) -> list[str]:
    findings = ValidationReport()
    check_key_texts(pl.DataFrame({"shop": ["S"] * len(keys), "unique_id": keys, "size": range(len(keys))}), findings)
    assert findings.messages() == []
    return findings.messages("warning")


@pytest.mark.parametrize(
    "word", ["\\N", "NULL", "#N/A", "nan", "NaN", "None", "<NA>", "NaT", " null ", "\u200b", "'null'", " ", "\u00a0"]
)
def test_words_for_a_missing_key_are_a_warning(word: str) -> None:
    assert warnings_of("A1", word, "A2") == [
        f"demand: 1 series whose key unique_id is blank, or a word for a missing value, e.g. {word!r}. "
        "Fill in the key, or remove their rows"
    ]


def test_rounded_numbers_are_a_warning() -> None:
    assert warnings_of("4006381333931", "4.00638E+12", "4E+12") == [
        "demand: 2 series whose key unique_id is a number that a spreadsheet has rounded, e.g. '4.00638E+12', '4E+12'. "
        "Several series may have become one. Export the key as text"
    ]


@pytest.mark.parametrize("key", ["NA", "0", "000", "-", "1E5", "Nancy", "none such", "unknown", "E+1"])
def test_other_texts_have_no_finding(key: str) -> None:
    assert warnings_of(key, "A1") == []
