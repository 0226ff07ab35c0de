"""Check single rows of a dated table and report the invalid ones."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from contract.limits import MAX_DATE, MIN_DATE
from job_code.tables.file_splits import Batch
from job_code.tables.validation_report import EXAMPLES, ValidationReport

DAY = "_day"
TEXT_DATE_FORMATS = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S")


@dataclass(frozen=True)
class RowCheck:
    """A check for one problem of a row.

    Attributes:
        columns: The checked columns, whose values are in the message.
        wrong: True for a row with the problem; null counts as false.
        problem: The problem, worded to follow the counted noun.
        remedy: What the user must do.
        keeps: Whether an invalid row stays in the table, so that later checks can find its other problems.
    """

    columns: tuple[str, ...]
    wrong: pl.Expr
    problem: str
    remedy: str
    keeps: bool = False


def drop_bad_rows(
    batch: Batch, checks: Mapping[str, RowCheck], findings: ValidationReport, *, source: str
) -> pl.DataFrame:
    """Report every row that fails a check, and drop it unless the check keeps such rows.

    Args:
        batch: All rows of a batch of a file.
        checks: The checks, by any name.
        findings: Takes the findings.
        source: The input that the file belongs to (`demand`).
    """
    rows = batch.rows
    wrong = {check_name: check.wrong.fill_null(False) for check_name, check in checks.items()}
    counts = rows.select(expression.sum().alias(check_name) for check_name, expression in wrong.items()).row(0)
    if not any(counts):  # usual case: one pass over the rows covers all checks
        return rows
    for check_name, check in checks.items():
        bad = rows.select(wrong[check_name].arg_true()).to_series()
        shown = [
            f"{_shown(values)} in row {batch.first + row + 1:,} of {batch.file}"
            for row, values in zip(
                bad.head(EXAMPLES), rows[bad.head(EXAMPLES), list(check.columns)].rows(), strict=True
            )
        ]
        findings.add(source, "row", check.problem, remedy=check.remedy, count=len(bad), examples=shown)
    return rows.filter(~pl.any_horizontal(wrong[each] for each, check in checks.items() if not check.keeps))


def to_day(dtype: pl.DataType, time: str) -> pl.Expr:
    """Return the expression for the date of each row; null if the date is unreadable."""
    column = pl.col(time)
    if dtype == pl.Date:
        return column
    if isinstance(dtype, pl.Datetime):
        return column.dt.date()  # the local date of a zoned timestamp
    if dtype == pl.String:
        return _moment(column).dt.date()
    return pl.lit(None, dtype=pl.Date)


def day_checks(dtype: pl.DataType, time: str) -> dict[str, RowCheck]:
    """Return the checks of a date column.

    Args:
        dtype: Type of the column.
        time: Name of the column. The rows must also have the column `DAY` with the result of `to_day`.
    """
    day = pl.col(DAY)
    return {
        "undated": RowCheck(
            (time,),
            day.is_null(),
            f"without a readable date in {time}",
            "Use a date type or text like 2026-11-16",
        ),
        "implausible": RowCheck(
            (time,),
            ~day.is_between(MIN_DATE, MAX_DATE),
            f"dated before {MIN_DATE.year} or after {MAX_DATE.year} in {time}",
            "Correct the dates or remove the rows",
        ),
        "timed": RowCheck(
            (time,),
            _has_time_of_day(dtype, pl.col(time)),
            f"with a time of day in {time}",
            "Provide one row per period, and dates without a time of day",
            keeps=True,
        ),
    }


def _shown(values: tuple[object, ...]) -> str:
    """Return the values of one row for a message, with text in quotes."""
    shown = [repr(value) if isinstance(value, str) else str(value) for value in values]
    return shown[0] if len(shown) == 1 else f"({', '.join(shown)})"


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
