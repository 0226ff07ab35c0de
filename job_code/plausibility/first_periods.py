"""Find a few early rows with nothing between them and the rest, such as rows dated 1900-01-01."""

from dataclasses import replace

import numpy as np

from job_code.config import ForecastConfig
from job_code.demand.demand_checks import MAX_ODD_SHARE, Calendar
from job_code.demand.demand_rows import SOURCE
from job_code.demand.moment_counts import MomentCounts
from job_code.plausibility.period_rows import RECENT_PERIODS, SPARSE, PeriodRows
from job_code.series.frequency import Frequency
from job_code.tables.validation_report import EXAMPLES, ValidationReport

ENDLESS = 1_000  # empty periods for each period with demand


def with_common_begin(calendar: Calendar, counts: MomentCounts, config: ForecastConfig) -> Calendar:
    """Return the calendar with the period in which the demand begins, if all series begin there (`start_rule`).

    Args:
        calendar: Frequency and cutoff.
        counts: Number of rows by moment.
        config: Its `start_rule` decides whether all series begin together.
    """
    found = PeriodRows.of(counts, calendar.frequency)
    if config.start_rule != "zero" or not len(found.periods):
        return calendar
    return replace(calendar, first=int(found.periods[_stray_periods(found, config)]))


def check_first_periods(
    found: PeriodRows, frequency: Frequency, config: ForecastConfig, findings: ValidationReport
) -> PeriodRows:
    """Report a few early rows with nothing between them and the rest.

    They are an error if most of the work would be for empty periods.

    Args:
        found: Number of rows by period, at least one.
        frequency: The calendar.
        config: Its `history` decides whether the empty periods are work.
        findings: Takes the finding.

    Returns:
        The other periods.
    """
    rows, numbers = found.rows, found.periods
    begin = _stray_periods(found, config)
    if not begin:
        return found
    empty = int(np.diff(numbers[: begin + 1]).max())
    findings.add(
        SOURCE,
        "row",
        f"dated long before {frequency.text_of(int(numbers[begin]))}, where the demand begins",
        remedy="Their series are zero in between. Correct the dates, or limit the history",
        count=int(rows[:begin].sum()),
        examples=[frequency.text_of(int(number)) for number in numbers[:begin][:EXAMPLES]],
        level="error" if config.history is None and empty > ENDLESS * len(rows) else "warning",
    )
    return PeriodRows(numbers[begin:], rows[begin:])


def _stray_periods(found: PeriodRows, config: ForecastConfig) -> int:
    """Return the number of first periods whose rows are odd.

    Rare sellers have long gaps. Rows are odd if the gap after them is longer than all that follows. Where all series
    begin together, one odd row gives empty periods to all of them. Then a longer gap than all later ones is enough for
    single rows.
    """
    rows, numbers = found.rows, found.periods
    gaps, before = np.diff(numbers), np.cumsum(rows)[:-1]
    following = len(rows) if found.are_many else numbers[-1] - numbers[1:] + 1
    is_odd = (gaps > following) & (before <= SPARSE * rows.sum())
    if config.start_rule == "zero":
        later = np.maximum.accumulate(np.append(gaps[1:], 0)[::-1])[::-1]
        single = (before <= max(1.0, SPARSE * found.usual)) & (before <= MAX_ODD_SHARE * rows.sum())
        is_odd |= single & (gaps > np.maximum(later, RECENT_PERIODS))
    return int(np.flatnonzero(is_odd)[-1]) + 1 if is_odd.any() else 0
