"""Question last periods whose total demand is far below all totals before, as in unfinished periods."""

from job_code.plausibility.period_rows import INCOMPLETE, RECENT_PERIODS, SPARSE
from job_code.series.arrays import Floats
from job_code.series.frequency import Frequency
from job_code.tables.validation_report import ValidationReport, plural

MANY_PERIODS = 52  # that may be laid out without demand


def check_last_totals(recent: Floats, frequency: Frequency, findings: ValidationReport) -> None:
    """Warn of last periods that are probably not complete, or were laid out without their demand.

    Up to eight periods are compared with half of the smallest total before them. More of them must be nearly empty,
    because demand may also fall.

    Args:
        recent: Total demand by period, up to the cutoff, shape (periods,).
        frequency: Calendar of the demand.
        findings: Takes the warning.
    """
    season = max(RECENT_PERIODS, frequency.season)
    for count in range(min(max(season, MANY_PERIODS), len(recent) - RECENT_PERIODS), 0, -1):
        last, before = recent[-count:], recent[: len(recent) - count][-season:]
        least = float(before.min())
        if least <= 0 or last.max() >= (INCOMPLETE if count <= RECENT_PERIODS else SPARSE) * least:
            continue
        total = f"{last.max():,.0f}"
        subject = (
            f"the total of the last {frequency.unit} is {total}"
            if count == 1
            else f"the totals of the last {plural(count, frequency.unit)} are at most {total}"
        )
        they = "it is" if count == 1 else "they are"
        findings.add_message(
            f"demand: {subject}, but at least {least:,.0f} in each of the {plural(len(before), frequency.unit)} "
            f"before. If {they} not complete, use an earlier cutoff",
            level="warning",
        )
        return
