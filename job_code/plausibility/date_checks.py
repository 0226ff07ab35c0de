"""Check whether the last dates of the demand are plausible. One wrong date can move the cutoff of every series."""

from datetime import date, timedelta

import numpy as np
import polars as pl

from job_code.config import ForecastConfig
from job_code.demand.demand_checks import Calendar
from job_code.demand.demand_rows import SOURCE
from job_code.demand.moment_counts import WITH_VALUE, MomentCounts
from job_code.series.arrays import Floats
from job_code.series.frequency import Frequency
from job_code.tables.moments import MAX_NUMBER, MOMENT
from job_code.tables.validation_report import EXAMPLES, ValidationReport, plural

PERIOD = "_period"
ENOUGH_ROWS = 10  # rows of a usual period; with fewer, the number of rows says little
SPARSE = 0.1  # of the rows of a usual period; a period with fewer is not where the demand ends
INCOMPLETE = 0.5  # of the rows, or of the smallest total, of the periods before
RECENT_PERIODS = 8
ENDLESS = 1_000  # empty periods for each period with demand
MAX_MISSING_NUMBERS = 1_000


def check_dates(
    counts: MomentCounts, calendar: Calendar, config: ForecastConfig, findings: ValidationReport, *, today: date
) -> None:
    """Report demand dated after today, and a cutoff for which most series have no demand.

    Args:
        counts: Number of rows by moment.
        calendar: Frequency and cutoff.
        config: Its `future_rule` decides whether demand dated after today is an error. With a configured cutoff, later
            demand does not count, so it is a note.
        findings: Takes the findings.
        today: Date of the run.
    """
    frequency = calendar.frequency
    observed = counts.table.filter(pl.col(WITH_VALUE) > 0)
    periods = observed.with_columns(pl.Series(PERIOD, frequency.periods(observed[MOMENT].to_numpy())))
    periods = periods.group_by(PERIOD).agg(pl.col(WITH_VALUE).sum()).sort(PERIOD)
    future = periods.filter(pl.col(PERIOD) > _current_period(frequency, today))
    findings.add(
        SOURCE,
        "row",
        f"with a value dated after today, {today}",
        remedy="Correct the dates, leave the values of coming periods empty, or set future_rule to keep",
        count=int(future[WITH_VALUE].sum()),
        examples=[frequency.text_of(period) for period in future[PERIOD].head(EXAMPLES)],
        level="note" if config.cutoff is not None or config.future_rule == "keep" else "error",
    )
    if periods.is_empty():
        return
    _check_first_periods(periods, frequency, config, findings)
    if frequency.calendar.kind == "numbered":
        _check_numbers(periods, findings)
    if config.cutoff is None and future.is_empty():
        # An unfinished last period is after the cutoff, and was reported.
        dropped = periods[PERIOD][-1] == calendar.cutoff + 1
        used = periods.filter(pl.col(PERIOD) <= calendar.cutoff) if dropped else periods
        _check_last_periods(used, calendar, findings)


def check_last_total(recent: Floats, frequency: Frequency, findings: ValidationReport) -> None:
    """Warn if the total demand of the last period is far below all totals before, as in an unfinished period.

    Args:
        recent: Total demand by period, up to the cutoff, shape (periods,).
        frequency: Calendar of the demand.
        findings: Takes the warning.
    """
    last, before = float(recent[-1]), recent[-1 - max(RECENT_PERIODS, frequency.season) : -1]
    if len(before) < RECENT_PERIODS or before.min() <= 0 or last >= INCOMPLETE * before.min():
        return
    findings.add_message(
        f"demand: the total of the last {frequency.unit} is {last:,.0f}, but at least {before.min():,.0f} in each of "
        f"the {plural(len(before), frequency.unit)} before. If it is not complete, use an earlier cutoff",
        level="warning",
    )


def _current_period(frequency: Frequency, today: date) -> int:
    """Return the latest period that may have demand on a day. Numbered periods have no date, so none is too late."""
    if frequency.calendar.kind == "numbered":
        return MAX_NUMBER
    # East of Greenwich it is already tomorrow, and a time may be the end of its period.
    if frequency.calendar.is_sub_daily:
        ahead = timedelta(days=1) if frequency.time_zone is None else timedelta()
        return frequency.period_of(today + timedelta(days=1) + ahead)
    # The date of a day may be tomorrow's, and that of a week may be its last day. Months know their last day.
    return frequency.period_of(today) + (frequency.calendar.kind == "minutes")


def _check_numbers(periods: pl.DataFrame, findings: ValidationReport) -> None:
    """Report numbers that number no periods, such as dates written as 20261116, or a wrong one."""
    first, last = periods[PERIOD][0], periods[PERIOD][-1]
    if last - first > MAX_MISSING_NUMBERS + periods.height / SPARSE:
        findings.add_message(
            f"demand: only {plural(periods.height, 'period')} from {first:,} to {last:,} have rows, so the numbers are "
            "no consecutive periods. Number the periods one by one, or set a frequency of dates"
        )


def _check_first_periods(
    periods: pl.DataFrame, frequency: Frequency, config: ForecastConfig, findings: ValidationReport
) -> None:
    """Report a few early rows with nothing between them and the rest, such as rows dated 1900-01-01.

    They are an error if most of the work would be for empty periods.
    """
    rows, numbers = periods[WITH_VALUE].to_numpy(), periods[PERIOD].to_numpy()
    usual = float(np.median(rows)) if len(rows) else 0.0
    if usual < ENOUGH_ROWS:
        return
    gaps = np.diff(numbers)
    begin = int(np.argmax(gaps)) + 1 if len(gaps) else 0
    if not begin or gaps[begin - 1] <= len(rows) or rows[:begin].sum() > SPARSE * rows.sum():
        return
    findings.add(
        SOURCE,
        "row",
        f"dated long before {frequency.text_of(int(numbers[begin]))}, where the demand begins",
        remedy="Their series are zero in between. Correct the dates, or limit the history",
        count=int(rows[:begin].sum()),
        examples=[frequency.text_of(int(number)) for number in numbers[:begin][:EXAMPLES]],
        level="error" if config.history is None and gaps[begin - 1] > ENDLESS * len(rows) else "warning",
    )


def _check_last_periods(periods: pl.DataFrame, calendar: Calendar, findings: ValidationReport) -> None:
    """Report last periods with few rows."""
    frequency, rows = calendar.frequency, periods[WITH_VALUE].to_numpy()
    usual = float(np.median(rows))
    if usual < ENOUGH_ROWS:
        return
    end = int(np.flatnonzero(rows >= SPARSE * usual)[-1])
    later, last = int(rows[end + 1 :].sum()), frequency.text_of(int(periods[PERIOD][end]))
    gap = calendar.cutoff - int(periods[PERIOD][end])
    if later:
        findings.add_message(
            f"demand: nearly all of it ends {last}, but {plural(later, 'row')} until "
            f"{frequency.text_of(calendar.cutoff)} would move the cutoff of all series by {plural(gap, frequency.unit)}"
            f". Correct the dates, or set the cutoff to {last}",
            level="warning" if gap <= 1 else "error",
        )
        return
    before = rows[-1 - RECENT_PERIODS : -1]
    if len(before) == RECENT_PERIODS and rows[-1] < INCOMPLETE * np.median(before):
        findings.add_message(
            f"demand: the last {frequency.unit}, {last}, has {plural(int(rows[-1]), 'row')}, but usually "
            f"{np.median(before):,.0f}. If it is not complete, use an earlier cutoff",
            level="warning",
        )
