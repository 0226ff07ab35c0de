"""Check demand against its calendar: anchor, duplicates, steps, negative values and cutoff."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from contract.calendar.frequencies import DAY
from contract.calendar.labels import label_text
from job_code.config import AggregationRule, ForecastConfig
from job_code.demand.aggregation import resolve_rule, ties_for_last, unfinished_since
from job_code.demand.cells import Cells, Periods
from job_code.demand.demand_problems import Problem, Problems
from job_code.demand.frequency_inference import resolve_frequency
from job_code.demand.moment_counts import ROWS, MomentCounts
from job_code.demand.shuffle_files import ShuffledShard
from job_code.errors import InputError
from job_code.series.arrays import Booleans, Integers
from job_code.series.frequency import Frequency, Moments
from job_code.tables.validation_report import EXAMPLES, ValidationReport, plural
from job_code.times.moments import MOMENT

MAX_ODD_SHARE = 0.01  # maximum share of the rows whose early dates may be placeholders such as 1900-01-01
MIN_DATES = 3  # of a series among others with times; fewer midnights may be times


@dataclass(frozen=True)
class Calendar:
    """Frequency and cutoff of a run.

    Attributes:
        frequency: Calendar of the period numbers.
        cutoff: Number of the last observed period that the run uses.
        rule: How several rows become one period; None if every row is a period.
        first: Number of the period with which every series begins that has no earlier value; None if each begins with
            its own first value.
    """

    frequency: Frequency
    cutoff: int
    rule: AggregationRule | None = None
    first: int | None = None

    def usual_span(self, counts: MomentCounts, config: ForecastConfig) -> int:
        """Return the approximate number of periods of a series: first date to cutoff, at most the configured history.

        The earliest 1 % of the rows do not count, because their dates may be placeholders.
        """
        early = counts.table.filter(pl.col(ROWS).cum_sum() > MAX_ODD_SHARE * counts.rows)[MOMENT].to_numpy()[:1]
        periods = self.cutoff - int(self.frequency.periods(early)[0]) + 1
        return max(1, min(periods, config.history or periods))


def check_calendar(counts: MomentCounts, config: ForecastConfig, findings: ValidationReport) -> Calendar:
    """Return frequency and cutoff, and report an invalid cutoff.

    Raises:
        InputError: If the frequency cannot be inferred. The error includes all earlier findings.
    """
    try:
        frequency = resolve_frequency(config.frequency, counts)
    except InputError as error:
        raise InputError([*findings.messages(), *error.problems]) from None
    try:
        frequency = Frequency.of(frequency.name, config.time_zone, config.period_label)
    except ValueError as error:
        raise InputError([*findings.messages(), f"period_label: {error}"]) from None
    rule = resolve_rule(config, frequency, counts)
    cutoff = _check_cutoff(counts, frequency, config, findings)
    if rule is not None:
        cutoff = _without_unfinished(counts, frequency, cutoff, config, findings)
    return Calendar(frequency, cutoff, rule)


def check_shard(shard: ShuffledShard, periods: Periods, frequency: Frequency, config: ForecastConfig) -> Problems:
    """Find the invalid rows of a shard.

    Args:
        shard: The rows. The series are sorted by key.
        periods: Period number of each row, shape (rows,).
        frequency: The calendar.
        config: Its `negative_rule` decides whether negative demand is a problem.
    """
    off_anchor = np.flatnonzero(frequency.is_off_anchor(shard.moment))
    is_timed = _has_time_of_day(shard.moment[off_anchor], frequency)
    negative = np.flatnonzero(shard.value < 0) if config.negative_rule == "error" else np.empty(0, np.int64)
    found: Problems = {
        "off_anchor": _rows_with(off_anchor[~is_timed], shard, frequency),
        "timed": _rows_with(off_anchor[is_timed], shard, frequency),
        "negative": _rows_with(negative, shard, frequency),
    }
    return found | _check_cells(shard, periods, frequency) if len(periods) else found


def check_raw(shard: ShuffledShard, periods: Periods, frequency: Frequency, config: ForecastConfig) -> Problems:
    """Find the problems of rows before they are combined: negative values, repeated dates, several last values.

    Two rows of a series at one time may be two sales. Two rows on one date, without a time, may be a copy. A series has
    dates if all its rows are at midnight. Where other series have times, it needs rows on several dates, because a few
    sales may be at midnight by chance.

    Args:
        shard: The rows. The series are sorted by key.
        periods: Period number of each row, shape (rows,).
        frequency: The calendar.
        config: Its `aggregate` and `negative_rule` decide what is a problem.
    """
    found: Problems = {}
    if config.negative_rule == "error":
        found["negative"] = _rows_with(np.flatnonzero(shard.value < 0), shard, frequency)
    if config.aggregate == "auto":
        dated = _with_dates(shard)
        if len(dated.moment):
            found["repeated"] = _duplicates(dated, Cells.of(dated, dated.moment // DAY), Frequency("D"))
    if config.aggregate == "last":
        found["tied"] = _ties(shard, ties_for_last(shard, periods), frequency)
    return found


def _has_time_of_day(moments: Moments, frequency: Frequency) -> Booleans:
    if frequency.calendar.is_sub_daily or frequency.calendar.kind == "numbered":
        return np.zeros(len(moments), dtype=bool)
    timed: Booleans = moments % DAY != 0
    return timed


def _rows_with(rows: Integers, shard: ShuffledShard, frequency: Frequency) -> Problem:
    return Problem(len(rows), _examples(shard, rows, frequency))


def _with_dates(shard: ShuffledShard) -> ShuffledShard:
    """Return the rows of the series that have dates."""
    is_timed = shard.moment % DAY != 0
    if not is_timed.any():
        return shard
    has_dates = np.bincount(shard.series[is_timed], minlength=shard.keys.height) == 0
    dated = shard.where(has_dates[shard.series])
    if not len(dated.moment):
        return dated
    enough = Cells.of(dated, dated.moment // DAY).periods >= MIN_DATES
    return dated.where(enough[dated.series])


def _check_cells(shard: ShuffledShard, periods: Periods, frequency: Frequency) -> Problems:
    cells = Cells.of(shard, periods)
    return {
        "duplicates": _duplicates(shard, cells, frequency),
        "spaced": _steps(shard, *cells.spaced(), unit=frequency.unit),
        "stepped": _steps(shard, *cells.stepped(), unit=frequency.unit),
    }


def _duplicates(shard: ShuffledShard, cells: Cells, frequency: Frequency) -> Problem:
    shown = np.empty(0, np.int64)
    if len(cells.repeated):
        # Two moments in one period are also duplicates. The message shows the earlier one.
        rows = np.flatnonzero(np.isin(cells.cell, cells.repeated[:EXAMPLES]))
        rows = rows[np.lexsort((shard.moment[rows], cells.cell[rows]))]
        shown = rows[np.unique(cells.cell[rows], return_index=True)[1]]
    return Problem(len(np.unique(cells.repeated // cells.span)), _examples(shard, shown, frequency))


def _ties(shard: ShuffledShard, pairs: Integers, frequency: Frequency) -> Problem:
    _, count = pairs.shape
    low, high = pairs[:, :EXAMPLES]  # ordered by series and moment
    shown = [
        f"{moment_text(moment, frequency)} ({' and '.join(str(value).removesuffix('.0') for value in values)})"
        for moment, *values in zip(shard.moment[low].tolist(), shard.value[low], shard.value[high], strict=True)
    ]
    return Problem(count, shard.keys[shard.series[low]].with_columns(pl.Series(MOMENT, shown, dtype=pl.String)))


def _steps(shard: ShuffledShard, series: Integers, steps: Integers, checked: int, *, unit: str) -> Problem:
    every = [f"every {plural(step, unit)}" for step in steps[:EXAMPLES].tolist()]
    examples = shard.keys[series[:EXAMPLES]].with_columns(pl.Series(MOMENT, every, dtype=pl.String))
    return Problem(len(series), examples, of=checked)


def _examples(shard: ShuffledShard, rows: npt.NDArray[np.int64], frequency: Frequency) -> pl.DataFrame:
    some = rows[np.lexsort((shard.moment[rows], shard.series[rows]))][:EXAMPLES]
    shown = [moment_text(moment, frequency) for moment in shard.moment[some].tolist()]
    return shard.keys[shard.series[some]].with_columns(pl.Series(MOMENT, shown, dtype=pl.String))


def moment_text(moment: int, frequency: Frequency) -> str:
    """Return a moment as text, whether it labels a period or not."""
    if frequency.calendar.kind == "numbered":
        return str(moment)
    return label_text(
        Frequency("D").label_of(moment // DAY) if moment % DAY == 0 else Frequency("min").label_of(moment)
    )


def _without_unfinished(
    counts: MomentCounts, frequency: Frequency, cutoff: int, config: ForecastConfig, findings: ValidationReport
) -> int:
    """Return the last complete period, and report the last one if it is not complete.

    A period after an empty one is not unfinished: its date is probably wrong, which `check_dates` reports.
    """
    observed = counts.observed
    end = unfinished_since(observed, frequency) if len(observed) else None
    latest = np.unique(frequency.periods(observed))[-2:]
    if end is None or latest[-1] != cutoff or latest[0] != cutoff - 1:
        return cutoff
    problem = (
        f"demand: the last {frequency.unit}, {frequency.days_text(cutoff)}, is not complete: its rows end "
        f"{moment_text(end, frequency)}"
    )
    if config.unfinished_period == "drop" and config.cutoff is None:
        findings.add_message(f"{problem}. The run ignores it. To use it, set unfinished_period to keep", level="note")
        return cutoff - 1
    if config.unfinished_period != "error":
        findings.add_message(f"{problem}. The run uses it as it is", level="warning")
    else:
        findings.add_message(f"{problem}. Upload the rest, or set unfinished_period to drop")
    return cutoff


def _check_cutoff(
    counts: MomentCounts, frequency: Frequency, config: ForecastConfig, findings: ValidationReport
) -> int:
    """Return the number of the last observed period to use, and report an invalid cutoff."""
    # Rows without a value are not observations. Some files have such rows for future periods.
    observed = counts.observed
    if not len(observed):
        if not findings.messages():
            findings.add_message(f"demand: no row has a value in {config.target}. Upload demand, or set another target")
        return 0
    earliest, latest = frequency.periods(observed[[0, -1]]).tolist()
    if config.cutoff is None:
        return int(latest)
    shown = label_text(config.cutoff)
    try:
        asked = frequency.period_of(config.cutoff)
    except ValueError as error:
        last = label_text(frequency.label_of(latest))
        findings.add_message(f"cutoff: {error}. Write it like {last}, where the demand ends")
        return int(latest)
    if asked < earliest:
        first = label_text(frequency.label_of(earliest))
        findings.add_message(f"cutoff: {shown} is before all demand. Use {first}, its first date, or a later date")
    elif asked > latest:
        last, missing = label_text(frequency.label_of(latest)), plural(asked - latest, frequency.unit)
        findings.add_message(
            f"cutoff: demand ends {last}, {missing} before the cutoff {shown}. "
            f"Upload the missing demand, or use the cutoff {last}"
        )
    elif label_text(frequency.label_of(asked)) != shown:
        near = [label_text(frequency.label_of(each)) for each in (asked - 1, asked, asked + 1)]
        findings.add_message(
            f"cutoff: {shown} is not a date of the calendar {frequency.name}. Use {near[0]}, {near[1]} or {near[2]}"
        )
    return asked
