"""Question periods that no or hardly any series has, such as those of a file that was not uploaded."""

from collections.abc import Iterator

import numpy as np

from contract.calendar.frequencies import DAY, WEEK
from job_code.demand.demand_rows import SOURCE
from job_code.plausibility.period_rows import INCOMPLETE, PeriodRows
from job_code.series.arrays import Booleans, Integers
from job_code.series.frequency import Frequency
from job_code.tables.validation_report import EXAMPLES, ValidationReport

NEIGHBORS = 4  # periods on each side that show how many rows are usual
NOISE = 4.5  # times the usual change from period to period; random sales do not differ so much
WORKDAYS = 5
NEAR = 26  # of these parts of a year: Easter moves, and a closure begins on another day


def check_missing_periods(found: PeriodRows, frequency: Frequency, findings: ValidationReport) -> None:
    """Warn of periods without a row in any series, and of weeks and longer periods with far fewer than around them.

    Shops may close at night, on weekends and holidays. So only a week without rows is odd in a calendar of days and
    shorter periods.

    Args:
        found: Number of rows by period.
        frequency: The calendar.
        findings: Takes the warnings.
    """
    if not found.are_many:
        return
    found = found.without_stray_ends()
    distances = np.diff(found.periods)
    for long, every_year in _by_repetition(distances > _longest_closure(frequency), found.periods, frequency):
        findings.add(
            SOURCE,
            frequency.unit,
            f"without a row in any series{every_year}",
            remedy="Upload what is missing. If there was no demand, write rows with 0",
            count=int((distances[long] - 1).sum()),
            examples=[frequency.text_of(int(found.periods[at]) + 1) for at in long[:EXAMPLES]],
            level="note" if every_year else "warning",
        )
    if _longest_closure(frequency) > 1:
        return
    for few, every_year in _by_repetition(_has_few(found.rows), found.periods, frequency):
        shown = [f"{frequency.text_of(int(found.periods[at]))} with {int(found.rows[at]):,}" for at in few[:EXAMPLES]]
        findings.add(
            SOURCE,
            frequency.unit,
            f"with less than half of the rows of those before and after{every_year}",
            remedy="Upload what is missing",
            count=len(few),
            examples=shown,
            level="note" if every_year else "warning",
        )


def _by_repetition(odd: Booleans, periods: Integers, frequency: Frequency) -> Iterator[tuple[Integers, str]]:
    """Divide odd periods into those that come once, and those of about the same time in other years.

    Args:
        odd: Whether each period is odd, shape (at most periods,).
        periods: The periods, ascending, shape (periods,).
        frequency: The calendar.

    Yields:
        Positions of odd periods, and the words to add to the problem.
    """
    at = np.flatnonzero(odd)
    year, own = frequency.seasons.year, periods[at]
    apart = np.abs(own[:, None] - own[None, :])
    near = np.abs(apart - np.rint(apart / year) * year) <= year // NEAR
    repeats = (near & (apart > year // 2)).any(axis=1)
    yield at[~repeats], ""
    yield at[repeats], ", about the same time every year"


def _longest_closure(frequency: Frequency) -> int:
    """Return the longest usual distance of two periods with demand."""
    calendar = frequency.calendar
    if calendar.kind == "business":
        return WORKDAYS
    return WEEK // calendar.step if calendar.kind == "minutes" and calendar.step <= DAY else 1


def _has_few(rows: Integers) -> Booleans:
    """Return whether each period has far fewer rows than those before and than those after it.

    Args:
        rows: Number of rows of each period, shape (periods,).
    """
    few = np.zeros(len(rows), dtype=bool)
    noise = NOISE * np.median(np.abs(np.diff(rows))) if len(rows) > 1 else 0.0
    for at in range(NEIGHBORS, len(rows) - 1):
        before, after = rows[at - NEIGHBORS : at], rows[at + 1 : at + 1 + NEIGHBORS]
        usual = min(np.median(before), np.median(after))
        few[at] = rows[at] < min(INCOMPLETE * usual, usual - noise)
    return few
