"""Check whether the first and last dates of the demand are plausible. One wrong date can move the cutoff of all."""

from datetime import date, timedelta

import numpy as np
import polars as pl

from contract.calendar.frequencies import DAY
from job_code.config import ForecastConfig
from job_code.demand.demand_checks import Calendar
from job_code.demand.demand_rows import SOURCE
from job_code.demand.frequency_inference import BUSINESS_DAYS, MONDAY
from job_code.demand.moment_counts import ROWS, MomentCounts
from job_code.plausibility.first_periods import check_first_periods
from job_code.plausibility.missing_periods import check_missing_periods
from job_code.plausibility.number_forms import check_numbers
from job_code.plausibility.period_rows import INCOMPLETE, RECENT_PERIODS, SPARSE, PeriodRows
from job_code.series.frequency import Frequency
from job_code.tables.validation_report import EXAMPLES, ValidationReport, plural
from job_code.times.moments import MOMENT
from job_code.times.written_times import MAX_NUMBER


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
    found = PeriodRows.of(counts, frequency)
    future = found.periods > _current_period(frequency, today)
    findings.add(
        SOURCE,
        "row",
        f"with a value dated after today, {today}",
        remedy="Correct the dates, leave the values of coming periods empty, or set future_rule to keep",
        count=int(found.rows[future].sum()),
        examples=[frequency.text_of(period) for period in found.periods[future][:EXAMPLES].tolist()],
        level="note" if config.cutoff is not None or config.future_rule == "keep" else "error",
    )
    if not len(found.periods):
        return
    if frequency.calendar.kind == "numbered":
        check_numbers(found, findings)
    found = check_first_periods(found, frequency, config, findings)
    _note_weekends(counts, calendar, findings)
    check_missing_periods(found.until(calendar.cutoff), frequency, findings)
    if config.cutoff is None and not future.any() and found.are_many:
        # An unfinished last period is after the cutoff, and was reported.
        dropped = found.periods[-1] == calendar.cutoff + 1
        used = found.until(calendar.cutoff) if dropped else found
        if config.cutoff_rule == "common":
            _check_last_periods(used, calendar, findings)
        else:
            _check_own_ends(used, frequency, findings)


def _current_period(frequency: Frequency, today: date) -> int:
    """Return the latest period that may have demand on a day. Numbered periods have no date, so none is too late."""
    if frequency.calendar.kind == "numbered":
        return MAX_NUMBER
    # East of Greenwich it is already tomorrow, and a time may be the end of its period.
    if frequency.calendar.is_sub_daily:
        ahead = timedelta(days=1) if frequency.time_zone is None else timedelta()
        return frequency.period_of(today + timedelta(days=1) + ahead)
    # The date of a day may be tomorrow's. That of a week may be its last day, unless the calendar already says so.
    return frequency.period_of(today) + (
        frequency.calendar.kind == "minutes" and not frequency.calendar.is_dated_by_end
    )


def _note_weekends(counts: MomentCounts, calendar: Calendar, findings: ValidationReport) -> None:
    """Note the rows of weekends that are added to business days."""
    if calendar.frequency.calendar.kind != "business" or calendar.rule is None:
        return
    at = counts.table.filter(pl.Series((counts.moments // DAY + MONDAY) % 7 >= BUSINESS_DAYS))
    days = pl.col(MOMENT) // DAY * DAY
    findings.add(
        SOURCE,
        "row",
        "dated on a weekend, which count for the Friday before",
        remedy="Set frequency to D if weekends are days of their own",
        count=int(at[ROWS].sum()),
        examples=[Frequency("D").text_of(day // DAY) for day in at.select(days.unique().sort().head(EXAMPLES))[MOMENT]],
        level="note",
    )


def _check_last_periods(found: PeriodRows, calendar: Calendar, findings: ValidationReport) -> None:
    """Report last periods with few rows."""
    frequency, rows = calendar.frequency, found.rows
    end = int(np.flatnonzero(rows >= SPARSE * found.usual)[-1])
    later, last = int(rows[end + 1 :].sum()), frequency.text_of(int(found.periods[end]))
    gap = calendar.cutoff - int(found.periods[end])
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
            f"demand: the last {frequency.unit}, {frequency.days_text(int(found.periods[end]))}, has "
            f"{plural(int(rows[-1]), 'row')}, but usually {np.median(before):,.0f}. If it is not complete, set "
            f"cutoff={frequency.text_of(int(found.periods[end]) - 1)}",
            level="warning",
        )


def _check_own_ends(found: PeriodRows, frequency: Frequency, findings: ValidationReport) -> None:
    """Warn of a few last rows behind an empty stretch. Each series has its own cutoff, so few rows may go on."""
    gaps = np.diff(found.periods)
    end = int(np.argmax(gaps)) if len(gaps) else 0
    later = int(found.rows[end + 1 :].sum())
    if not len(gaps) or gaps[end] <= RECENT_PERIODS or later > SPARSE * found.usual:
        return
    findings.add(
        SOURCE,
        "row",
        f"dated long after {frequency.text_of(int(found.periods[end]))}, where all other demand ends",
        remedy="Their series have their cutoffs there. Correct the dates if they are wrong",
        count=later,
        examples=[frequency.text_of(period) for period in found.periods[end + 1 :][:EXAMPLES].tolist()],
        level="warning",
    )
