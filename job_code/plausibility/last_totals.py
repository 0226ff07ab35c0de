"""Question last periods whose total demand is far below all totals before, as in unfinished periods."""

import numpy as np

from job_code.plausibility.period_rows import INCOMPLETE, RECENT_PERIODS, SPARSE
from job_code.series.arrays import Floats
from job_code.series.frequency import Frequency
from job_code.tables.validation_report import ValidationReport, plural

MANY_PERIODS = 52  # that may be laid out without demand


def check_last_totals(recent: Floats, frequency: Frequency, cutoff: int, findings: ValidationReport) -> None:
    """Warn of last periods that are probably not complete, or were laid out without their demand.

    Up to eight periods are compared with half of the smallest total before them. More of them must be nearly empty,
    other than any equally long time of the year before. Demand may fall, and shops may close for a season.

    Args:
        recent: Total demand by period, up to the cutoff, shape (periods,).
        frequency: Calendar of the demand.
        cutoff: Number of the last period.
        findings: Takes the warning.
    """
    season = max(RECENT_PERIODS, frequency.season)
    for count in range(min(MANY_PERIODS, len(recent) - RECENT_PERIODS), 0, -1):
        last, before = recent[-count:], recent[: len(recent) - count]
        if count > RECENT_PERIODS:
            if _are_empty(last, before[-max(season, frequency.seasons.long) :]):
                usual = f"{before[-season:].mean():,.0f} a {frequency.unit} before"
                _warn(last, usual, frequency, cutoff, findings)
                return
            continue
        before = before[-season:]
        least = float(before.min())
        if least > 0 and last.max() < INCOMPLETE * least:
            usual = f"at least {least:,.0f} in each of the {plural(len(before), frequency.unit)} before"
            _warn(last, usual, frequency, cutoff, findings)
            return


def _are_empty(last: Floats, before: Floats) -> bool:
    """Return whether last periods have nearly no demand, unlike every equally long time before."""
    if len(before) < 2 * len(last):
        return False
    sums = np.convolve(before, np.ones(len(last)), mode="valid")
    return bool(sums.min() > 0 and last.max() < SPARSE * sums.min() / len(last))


def _warn(last: Floats, usual: str, frequency: Frequency, cutoff: int, findings: ValidationReport) -> None:
    unit, most = frequency.unit, f"{last.max():,.0f}"
    if len(last) == 1:
        subject, condition = f"the total of the last {unit} is {most}", "it is not complete"
    else:
        subject = f"the totals of the last {plural(len(last), unit)} are at most {most}"
        condition = "they are not complete"
    earlier = frequency.text_of(cutoff - len(last))
    findings.add_message(f"demand: {subject}, but {usual}. If {condition}, set cutoff={earlier}", level="warning")
