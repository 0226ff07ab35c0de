"""What can be wrong with single rows of a dated table, and the notes taken of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from job_code.tables.validation_report import EXAMPLES, ValidationReport

DAY = "_day"
EARLIEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)  # beyond them a date is a placeholder, such as 9999-12-31
TEXT_DATE_FORMATS = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S")


@dataclass(frozen=True)
class RowCheck:
    """One thing that can be wrong with a row.

    Attributes:
        column: The column it is about.
        wrong: True for a row with the problem; null counts as false.
        problem: What is wrong, as it reads after the counted noun.
        remedy: What to do about it.
        keeps: Whether such a row can be read on nevertheless, to find what else is wrong with it.
    """

    column: str
    wrong: pl.Expr
    problem: str
    remedy: str
    keeps: bool = False


def drop_bad_rows(
    rows: pl.DataFrame, checks: Mapping[str, RowCheck], name: str, findings: ValidationReport, *, source: str
) -> pl.DataFrame:
    """Takes note of every row that fails a check, and leaves it out where it cannot be read on.

    Args:
        rows: Rows of one file.
        checks: What to look for.
        name: The file's name, for messages.
        findings: Takes the notes.
        source: What the file holds (`demand`).
    """
    wrong = {kind: check.wrong.fill_null(False) for kind, check in checks.items()}
    counts = rows.select(expression.sum().alias(kind) for kind, expression in wrong.items()).row(0)
    if not any(counts):  # almost always: looked at once for all, and again only where something is found
        return rows
    for kind, check in checks.items():
        bad = rows.filter(wrong[kind])
        values = bad[check.column].head(EXAMPLES).to_list()
        shown = [f"{repr(value) if isinstance(value, str) else value} in {name}" for value in values]
        findings.add(source, "row", check.problem, remedy=check.remedy, count=bad.height, examples=shown)
    return rows.filter(~pl.any_horizontal(wrong[kind] for kind, check in checks.items() if not check.keeps))


def to_day(dtype: pl.DataType, time: str) -> pl.Expr:
    """The date of each row, null where it cannot be read."""
    column = pl.col(time)
    if dtype == pl.Date:
        return column
    if isinstance(dtype, pl.Datetime):
        return column.dt.date()  # the local date of a zoned timestamp
    if dtype == pl.String:
        return _moment(column).dt.date()
    return pl.lit(None, dtype=pl.Date)


def day_checks(dtype: pl.DataType, time: str) -> dict[str, RowCheck]:
    """What can be wrong with a date.

    Args:
        dtype: Type of the column.
        time: Its name; `to_day` has put its date into `DAY`.
    """
    day = pl.col(DAY)
    return {
        "undated": RowCheck(
            time,
            day.is_null(),
            f"without a readable date in {time}",
            "give dates as a date type or as text like 2026-11-16",
        ),
        "implausible": RowCheck(
            time,
            ~day.is_between(EARLIEST, LATEST),
            f"dated before {EARLIEST.year} or after {LATEST.year} in {time}",
            "give the real dates, or leave the rows out",
        ),
        "timed": RowCheck(
            time,
            _has_time_of_day(dtype, pl.col(time)),
            f"with a time of day in {time}",
            "give one row a period, dated by day",
            keeps=True,
        ),
    }


def _has_time_of_day(dtype: pl.DataType, column: pl.Expr) -> pl.Expr:
    if not isinstance(dtype, pl.Datetime | pl.String):
        return pl.lit(False)
    moment = column if isinstance(dtype, pl.Datetime) else _moment(column)
    return moment.dt.time() != pl.time(0, 0, 0)


def _moment(column: pl.Expr) -> pl.Expr:
    text = column.str.strip_chars()
    days = text.str.to_date(TEXT_DATE_FORMATS[0], strict=False).cast(pl.Datetime("us"))
    return pl.coalesce(
        days, *(text.str.to_datetime(form, strict=False, time_unit="us") for form in TEXT_DATE_FORMATS[1:])
    )
