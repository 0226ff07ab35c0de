"""Check single rows of a dated table and report the invalid ones."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from job_code.tables.file_splits import Batch
from job_code.tables.validation_report import Level, ValidationReport

SHOWN_TO_GUESS = 100  # values
MAX_ABSOLUTE_VALUE = 1e30  # forecasts are 32-bit floats, whose maximum is 3.4e38


@dataclass(frozen=True, kw_only=True)
class RowCheck:
    """A check for one problem of a row.

    Attributes:
        columns: The checked columns, whose values are in the message.
        wrong: True for a row with the problem; null counts as false.
        problem: The problem, worded to follow the counted noun.
        remedy: What the user must do.
        keeps: Whether an invalid row stays in the table, so that later checks can find its other problems.
        level: Consequence of such rows.
        guess: Returns a better remedy for some wrong values of the first column; None if it has none.
    """

    columns: tuple[str, ...]
    wrong: pl.Expr
    problem: str
    remedy: str
    keeps: bool = False
    level: Level = "error"
    guess: Callable[[Sequence[object]], str | None] | None = None


def infinite_check(name: str, value: pl.Expr) -> RowCheck:
    """Return the check of numbers that are too large for forecasts.

    Args:
        name: The checked column.
        value: The numbers.
    """
    return RowCheck(
        columns=(name,),
        wrong=value.is_not_nan() & (value.abs() > MAX_ABSOLUTE_VALUE),
        problem=f"with an infinite value, or a value beyond {MAX_ABSOLUTE_VALUE:.0e}, in {name}",
        remedy="Replace the values by finite numbers",
    )


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
        remedy = check.remedy
        if check.guess is not None:
            remedy = check.guess(rows[check.columns[0]][bad.head(SHOWN_TO_GUESS)].to_list()) or remedy
        # To find the line of a text file takes time.
        some = bad.head(findings.room(source, check.problem, remedy=remedy, level=check.level))
        values, places = rows[some, list(check.columns)].rows(), batch.places(some.to_list())
        shown = [f"{_shown(value)} in {place}" for value, place in zip(values, places, strict=True)]
        findings.add(source, "row", check.problem, remedy=remedy, count=len(bad), examples=shown, level=check.level)
    if any(count and not check.keeps for count, check in zip(counts, checks.values(), strict=True)):
        findings.dropped.add(source)
    return rows.filter(~pl.any_horizontal(wrong[each] for each, check in checks.items() if not check.keeps))


def _shown(values: tuple[object, ...]) -> str:
    """Return the values of one row for a message, with text in quotes."""
    shown = [repr(value) if isinstance(value, str) else str(value) for value in values]
    return shown[0] if len(shown) == 1 else f"({', '.join(shown)})"
