"""Determine the frequency of demand from the configuration or from the times of its rows."""

from collections.abc import Iterable

import numpy as np

from contract.calendar.frequencies import DAY, MONTHS, WEEK, WEEKDAYS, calendar_of, is_partial, parts_of
from contract.calendar.labels import label_of_period, label_text
from job_code.demand.moment_counts import MomentCounts
from job_code.errors import InputError
from job_code.series.frequency import Frequency

MAJORITY = 0.6  # share of the rows; the labels of a frequency with a larger share are its own
NEARLY_ALL = 0.9  # share of these rows that fit a longer period, such as a quarter among months
MIN_PERIODS = 3  # fewer dates may have longer distances by chance
MIN_FORTNIGHTS = 4
SHORTEST_DAY = 23 * 60  # minutes, when clocks go forward
MIN_BUSINESS_DAYS = 10
BUSINESS_SHARE = 0.99  # of the rows; the others are errors of their own
PARTS_OF_DAY = ("12h", "8h", "6h", "4h", "3h", "2h", "h", "30min", "20min", "15min", "10min", "5min")
QUARTERS = MONTHS[:3]
MONDAY, BUSINESS_DAYS = 3, 5  # 1970-01-01 was three days after a Monday


def resolve_frequency(asked: str | None, counts: MomentCounts) -> Frequency:
    """Return the configured frequency, and infer the missing part from the rows.

    An inferred frequency must fit the rows: at least two must be one period apart. Otherwise most periods would be
    gaps.

    Args:
        asked: Configured frequency. None to infer all of it. A partial name such as `W` or `QS` to infer its rest.
        counts: Demand rows by moment.

    Raises:
        InputError: If there are fewer than two distinct moments, or if the rows do not fit.
    """
    if asked is not None and not is_partial(asked):
        return Frequency(asked)
    if asked is not None:
        completed = _completed(asked, counts)
        share = _share(completed, counts)
        if share > MAJORITY:
            return Frequency(completed)
        problem = f"demand: the rows do not show which {asked} is meant: {completed} fits {share:.0%} of them"
        raise InputError([f"{problem}. Set the complete frequency, e.g. frequency={completed}"])
    if counts.table.height < 2:
        problem = "demand: the valid rows have only one date, so the frequency cannot be inferred"
        raise InputError([f"{problem}. Set it, e.g. frequency=W-MON"])
    frequency = Frequency(_infer(counts))
    on = counts.moments[~frequency.is_off_anchor(counts.moments)]
    nearest = int(np.diff(np.unique(frequency.periods(on))).min(initial=np.iinfo(np.int32).max))
    if len(on) > 1 and frequency.calendar.is_sub_daily and nearest * frequency.calendar.step >= SHORTEST_DAY:
        clock = label_text(frequency.label_of(int(frequency.periods(on[:1])[0])))[-5:]
        raise InputError(
            [
                f"demand: all rows are dated at about the same time of day, e.g. {clock}. If it is midnight in another "
                "zone, set time_zone and frequency. Otherwise remove the time of day"
            ]
        )
    if len(on) > 1 and nearest > 1:
        raise InputError(
            [
                f"demand: the dates look like {frequency.name}, but no two dates are less than {nearest} "
                f"{frequency.unit}s apart. Aggregate the demand by day, week or month, or set frequency"
            ]
        )
    return frequency


def _infer(counts: MomentCounts) -> str:
    if _share("D", counts) <= MAJORITY:
        return _part_of_day(counts)
    for longer, quarters, month in (("YS", "QS", "MS"), ("YE", "QE", "ME")):
        share = _share(month, counts)
        if share > MAJORITY:
            wanted = NEARLY_ALL * share if counts.table.height >= MIN_PERIODS else 1.0 + MAJORITY
            of_year, of_quarter = _best(_with_months(longer), counts), _best(_with_months(quarters), counts)
            return next((name for name in (of_year, of_quarter) if _share(name, counts) >= wanted), month)
    weekly = _best((f"W-{weekday}" for weekday in WEEKDAYS), counts)
    share = _share(weekly, counts)
    if share > MAJORITY:
        fortnights = _best(_begun(2 * WEEK, f"2{weekly}", weekly, counts), counts)
        is_fortnightly = counts.table.height >= MIN_FORTNIGHTS and _share(fortnights, counts) >= NEARLY_ALL * share
        return fortnights if is_fortnightly else weekly
    return "B" if _has_business_days_only(counts) else "D"


def _part_of_day(counts: MomentCounts) -> str:
    for name in PARTS_OF_DAY:
        if _share(name, counts) >= NEARLY_ALL:
            return name
    raise InputError(
        [
            "demand: the rows are dated at many different times of day, so the frequency cannot be inferred. Set "
            "frequency and aggregate, e.g. frequency=W-MON and aggregate=sum"
        ]
    )


def _has_business_days_only(counts: MomentCounts) -> bool:
    weekday = (counts.moments // DAY + MONDAY) % 7
    on_weekdays = counts.share(weekday < BUSINESS_DAYS)
    every_weekday = set(range(BUSINESS_DAYS)) <= set(weekday.tolist())
    return counts.table.height >= MIN_BUSINESS_DAYS and every_weekday and on_weekdays >= BUSINESS_SHARE


def _completed(asked: str, counts: MomentCounts) -> str:
    """Return a partial name with its weekday, month or begin, by the most rows."""
    times, base, weekday, _ = parts_of(asked)
    if base[0] in "QY":
        return _best(_with_months(asked), counts)
    if base == "D":
        return _best(_begun(times * DAY, asked, "D", counts), counts)
    weekly = f"W-{weekday}" if weekday else _best((f"W-{each}" for each in WEEKDAYS), counts)
    return weekly if times == 1 else _best(_begun(times * WEEK, f"{times}{weekly}", weekly, counts), counts)


def _begun(step: int, name: str, base: str, counts: MomentCounts) -> Iterable[str]:
    """Yield the names with each begin that a period of several days or weeks may have."""
    frequency = Frequency(base)
    on = counts.moments[~frequency.is_off_anchor(counts.moments)]
    first = frequency.period_of(label_of_period(0, calendar_of("D"))) if not len(on) else int(frequency.periods(on)[0])
    for begin in range(first, first + step // frequency.calendar.step):
        yield f"{name}@{frequency.label_of(begin)}"


def _with_months(base: str) -> Iterable[str]:
    return (f"{base}-{month}" for month in (QUARTERS if base[0] == "Q" else MONTHS))


def _best(names: Iterable[str], counts: MomentCounts) -> str:
    """Return the canonical name of the frequency that labels most rows; the first of equals."""
    shares = {Frequency(name).calendar.name: _share(name, counts) for name in names}
    return max(shares, key=lambda name: shares[name])


def _share(name: str, counts: MomentCounts) -> float:
    """Return the share of the rows whose moment labels a period."""
    return counts.share(~Frequency(name).is_off_anchor(counts.moments))
