"""Decimal commas in text: turn `6,9` into `6.9`, and refuse values that could be read in two ways.

`1,234` and `1.234` may be 1234 or 1.234. The other values of the column decide; if they do not, the setting `decimal`
must.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from job_code.files.reader import Remark
from job_code.files.unreadable import UnreadableFileError

NUMBER = r"^\s*[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?\s*$"
COMMA = r"^\s*[+-]?\d*,\d+\s*$"  # 6,9
COMMA_OF_THOUSANDS = r"^\s*[+-]?[1-9]\d{0,2}(?:,\d{3})+\s*$"  # 1,234
POINT_OF_THOUSANDS = r"^\s*[+-]?[1-9]\d{0,2}(?:\.\d{3})+\s*$"  # 1.234
BOTH = r"^\s*[+-]?[1-9]\d{0,2}(?:\.\d{3})+,\d+\s*$"  # 1.234,5
UP_TO_999 = r"^\s*[+-]?\d{1,3}\s*$"
FROM_1000 = r"^\s*[+-]?\d{4,}\s*$"
SUSPICIOUS = 3  # so many values like 1.234, among whole numbers up to 999, and no other number with a point
SET = "Set `decimal` to the decimal sign of the numbers"


@dataclass(kw_only=True)
class _Column:
    """What the values of a column have shown so far: counts, examples, and whether anything but a number occurred."""

    commas: int = 0
    unclear_commas: int = 0
    unclear_points: int = 0
    has_points: bool = False
    has_hundreds: bool = False
    has_words: bool = False
    comma: str = ""
    point: str = ""


class DecimalCommas:
    """Decimal commas in the columns of one file.

    Args:
        columns: Columns that may hold numbers.
        decimal: The decimal sign; None to find it out.
    """

    def __init__(self, columns: Sequence[str], decimal: str | None) -> None:
        self._decimal = decimal
        self._columns = {name: _Column() for name in columns}

    def converted(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return rows with decimal points.

        Raises:
            UnreadableFileError: A decimal point stands where `decimal` promises commas.
        """
        if self._decimal == ".":
            return rows
        convert = _converted if self._decimal is None else _with_points
        return rows.with_columns(convert(rows[name], found) for name, found in self._columns.items())

    def remarks(self) -> list[Remark]:
        """Return the columns with decimal commas, after the last batch.

        Raises:
            UnreadableFileError: Values of a column could be read in two ways.
        """
        if self._decimal is None:
            for name, column in self._columns.items():
                _raise_if_unclear(name, column)
        return [
            Remark(
                noun="value",
                problem=f"in {name} with a decimal comma",
                count=column.commas + column.unclear_commas,
                example=column.comma,
                remedy=SET,
            )
            for name, column in self._columns.items()
            if column.commas and not column.has_words
        ]


def _converted(values: pl.Series, found: _Column) -> pl.Series:
    """Return values with decimal points, as far as each value is clear, and remember what they show."""
    if not found.has_points:
        _remember_points(values, found)
    if not values.str.contains(",", literal=True).any():
        return values
    both, unclear = values.str.contains(BOTH), values.str.contains(COMMA_OF_THOUSANDS)
    commas = (values.str.contains(COMMA) & ~unclear) | both
    found.has_words |= bool((~commas & ~unclear & ~values.str.contains(NUMBER)).any())
    found.unclear_commas += int(unclear.sum())
    found.commas += int(commas.sum())
    found.comma = found.comma or _first(values, commas | unclear)
    return _replaced(values, both)


def _with_points(values: pl.Series, found: _Column) -> pl.Series:
    """Return values of a column whose decimal sign is the comma. A point then separates thousands."""
    thousands = values.str.contains(POINT_OF_THOUSANDS)
    pointed = values.str.contains(".", literal=True) & values.str.contains(NUMBER) & ~thousands
    if pointed.any():
        raise UnreadableFileError(
            f"{_first(values, pointed)!r} in {values.name} has a decimal point, but `decimal` is the comma",
            remedy="Write all numbers with one sign",
        )
    commas = values.str.contains(COMMA) | values.str.contains(BOTH)
    found.commas += int(commas.sum())
    found.comma = found.comma or _first(values, commas)
    return _replaced(values, thousands | values.str.contains(BOTH))


def _replaced(values: pl.Series, has_thousands: pl.Series) -> pl.Series:
    """Remove the points of thousands, then turn the decimal commas into points."""
    plain = values.str.replace_all(".", "", literal=True).zip_with(has_thousands.fill_null(False), values)
    commas = plain.str.contains(COMMA).fill_null(False)
    return plain.str.replace(",", ".", literal=True).zip_with(commas, plain)


def _remember_points(values: pl.Series, found: _Column) -> None:
    has_point = values.str.contains(".", literal=True)
    if not has_point.any():
        return
    has_point &= ~values.str.contains(",", literal=True)
    unclear = values.str.contains(POINT_OF_THOUSANDS)
    found.has_points = bool((has_point & ~unclear).any() or values.str.contains(FROM_1000).any())
    found.unclear_points += int(unclear.sum())
    found.has_hundreds |= bool(values.str.contains(UP_TO_999).any())
    found.point = found.point or _first(values, has_point)


def _first(values: pl.Series, chosen: pl.Series) -> str:
    return next(iter(values.filter(chosen).head(1).to_list()), "")


def _raise_if_unclear(name: str, column: _Column) -> None:
    if column.has_words:
        return
    if column.commas and column.point:
        problem = f"has decimal commas and points, e.g. {column.comma!r} and {column.point!r}"
    elif column.unclear_commas and not column.commas:
        problem = f"has values like {column.comma!r} ({column.unclear_commas:,}): thousands, or a decimal comma"
    elif column.has_hundreds and not column.has_points and column.unclear_points >= SUSPICIOUS:
        problem = (
            f"has values like {column.point!r} ({column.unclear_points:,}) and whole numbers up to 999: "
            "thousands, or a decimal point"
        )
    else:
        return
    raise UnreadableFileError(f"the column {name} {problem}", remedy=SET)
