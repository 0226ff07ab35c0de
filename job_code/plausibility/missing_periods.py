"""Question periods that no or hardly any series has, such as those of a file that was not uploaded."""

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
    long = np.flatnonzero(distances > _longest_closure(frequency))
    findings.add(
        SOURCE,
        frequency.unit,
        "without a row in any series",
        remedy="Upload what is missing. If there was no demand, write rows with 0",
        count=int((distances[long] - 1).sum()),
        examples=[frequency.text_of(int(found.periods[at]) + 1) for at in long[:EXAMPLES]],
        level="warning",
    )
    if _longest_closure(frequency) > 1:
        return
    few = np.flatnonzero(_has_few(found.rows))
    findings.add(
        SOURCE,
        frequency.unit,
        "with less than half of the rows of those before and after",
        remedy="Upload what is missing",
        count=len(few),
        examples=[f"{frequency.text_of(int(found.periods[at]))} with {int(found.rows[at]):,}" for at in few[:EXAMPLES]],
        level="warning",
    )


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
