"""Check demand against its calendar: anchor, duplicates, negative values and cutoff."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from contract.periods import EPOCH
from job_code.config import ForecastConfig
from job_code.demand.date_counts import ROWS, WITH_VALUE, DayCounts
from job_code.demand.demand_rows import SOURCE
from job_code.demand.frequency_inference import resolve_frequency
from job_code.demand.shuffle_files import ShuffledShard
from job_code.errors import InputError
from job_code.series.frequency import Frequency
from job_code.tables.key_columns import series_name
from job_code.tables.row_checks import DAY
from job_code.tables.validation_report import EXAMPLES, ValidationReport, plural

MAX_ODD_SHARE = 0.01  # maximum share of the rows whose early dates may be placeholders such as 1900-01-01
CELLS_PER_ROW = 16  # series times periods, per row; with more cells, a table of all cells takes too much memory
Periods = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Calendar:
    """Frequency and cutoff of a run.

    Attributes:
        frequency: Calendar of the period numbers.
        cutoff: Number of the last observed period that the run uses.
    """

    frequency: Frequency
    cutoff: int

    def usual_span(self, days: DayCounts, config: ForecastConfig) -> int:
        """Return the approximate number of periods of a series: first date to cutoff, at most the configured history.

        The earliest 1 % of the rows do not count, because their dates may be placeholders.
        """
        early = days.table.filter(pl.col(ROWS).cum_sum() > MAX_ODD_SHARE * days.rows)[DAY].to_physical()[0]
        periods = self.cutoff - self.frequency.period_of(EPOCH + timedelta(days=int(early))) + 1
        return max(1, min(periods, config.history or periods))


@dataclass(frozen=True)
class Problem:
    """Occurrences of one problem in a shard.

    Attributes:
        count: Number of occurrences.
        examples: The first few by key, with the key columns and `_day`.
    """

    count: int
    examples: pl.DataFrame


Problems = dict[str, Problem]  # by check: off_anchor, duplicates, negative


def check_calendar(days: DayCounts, config: ForecastConfig, findings: ValidationReport) -> Calendar:
    """Return frequency and cutoff, and report an invalid cutoff.

    Raises:
        InputError: If the frequency cannot be inferred. The error includes all earlier findings.
    """
    try:
        frequency = resolve_frequency(config.frequency, days)
    except InputError as error:
        raise InputError([*findings.messages(), *error.problems]) from None
    return Calendar(frequency, _check_cutoff(days, frequency, config, findings))


def periods_of(shard: ShuffledShard, frequency: Frequency) -> Periods:
    """Return the period number of each row of a shard, shape (rows,)."""
    if not len(shard.day):
        return np.empty(0, np.int32)
    first, last = int(shard.day.min()), int(shard.day.max())
    days = pl.DataFrame({DAY: np.arange(first, last + 1, dtype=np.int32)}).cast(pl.Date)
    period_of_day = days.select(frequency.to_period(pl.col(DAY)).cast(pl.Int32)).to_series().to_numpy()
    periods: Periods = period_of_day[shard.day - first]
    return periods


def check_shard(shard: ShuffledShard, periods: Periods, frequency: Frequency, config: ForecastConfig) -> Problems:
    """Find the invalid rows of a shard.

    Args:
        shard: The rows. The series are sorted by key.
        periods: Result of `periods_of`, shape (rows,).
        frequency: The calendar.
        config: Its `negative_rule` decides whether negative demand is a problem.
    """
    days = pl.DataFrame({DAY: _distinct(shard.day)}).cast(pl.Date)
    odd = days.filter(frequency.is_off_anchor(pl.col(DAY))).to_series().to_physical().to_numpy()
    off_anchor = np.flatnonzero(np.isin(shard.day, odd)) if len(odd) else np.empty(0, np.int64)
    negative = np.flatnonzero(shard.value < 0) if config.negative_rule == "error" else np.empty(0, np.int64)
    return {
        "off_anchor": Problem(len(off_anchor), _examples(shard, off_anchor)),
        "duplicates": _duplicates(shard, periods),
        "negative": Problem(len(negative), _examples(shard, negative)),
    }


def report_problems(shards: Iterable[Problems], frequency: Frequency, findings: ValidationReport) -> None:
    """Report the problems of all shards, with the first examples by key."""
    messages = {
        "off_anchor": (
            "row",
            f"dated off the calendar {frequency.name}",
            f"Date every {frequency.unit} the same way, or set frequency to the calendar of the dates",
        ),
        "duplicates": (
            "series",
            f"with duplicate {frequency.unit}s",
            f"Keep one row per series and {frequency.unit}",
        ),
        "negative": ("row", "with negative demand", "Fix the values, or set negative_rule to clip or keep"),
    }
    found = list(shards)
    for check, (noun, problem, remedy) in messages.items():
        own = [problems[check] for problems in found if problems[check].count]
        if own:
            examples = pl.concat(each.examples for each in own)
            first = examples.sort(examples.columns).head(EXAMPLES)
            findings.add(
                SOURCE,
                noun,
                problem,
                remedy=remedy,
                count=sum(each.count for each in own),
                examples=[f"{series_name(row[:-1])} {row[-1]}" for row in first.iter_rows()],
            )


def _duplicates(shard: ShuffledShard, periods: Periods) -> Problem:
    if not len(periods):
        return Problem(0, _examples(shard, np.empty(0, np.int64)))
    first = int(periods.min())
    span = int(periods.max()) - first + 1
    cell = shard.series * span + (periods - first)
    cells = shard.keys.height * span
    if cells <= CELLS_PER_ROW * len(cell):
        taken = np.zeros(cells, dtype=bool)
        taken[cell] = True
        if np.count_nonzero(taken) == len(cell):
            return Problem(0, _examples(shard, np.empty(0, np.int64)))
    ordered = np.sort(cell)
    repeated = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    # Two dates in one period are also duplicates. The message shows the earlier date.
    rows = np.flatnonzero(np.isin(cell, repeated[:EXAMPLES])) if len(repeated) else np.empty(0, np.int64)
    rows = rows[np.lexsort((shard.day[rows], cell[rows]))]
    shown = rows[np.unique(cell[rows], return_index=True)[1]]
    return Problem(len(np.unique(repeated // span)), _examples(shard, shown))


def _distinct(days: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Return the distinct days, ascending. All days are between 1900 and 2199, so a table of all of them is small."""
    if not len(days):
        return days
    first = int(days.min())
    return (np.flatnonzero(np.bincount(days - first)) + first).astype(np.int32)


def _examples(shard: ShuffledShard, rows: npt.NDArray[np.int64]) -> pl.DataFrame:
    some = rows[np.lexsort((shard.day[rows], shard.series[rows]))][:EXAMPLES]
    days = pl.DataFrame({DAY: shard.day[some]}).cast(pl.Date)
    return shard.keys[shard.series[some]].hstack(days)


def _check_cutoff(days: DayCounts, frequency: Frequency, config: ForecastConfig, findings: ValidationReport) -> int:
    """Return the number of the last observed period to use, and report an invalid cutoff."""
    # Rows without a value are not observations. Some files have such rows for future periods.
    observed = days.table.filter(pl.col(WITH_VALUE) > 0)[DAY].to_physical()
    if observed.is_empty():
        if not findings.messages():
            findings.add_message(f"demand: no row has a value in {config.target}. Upload demand, or set another target")
        return 0
    earliest, latest = (frequency.period_of(EPOCH + timedelta(days=int(day))) for day in (observed[0], observed[-1]))
    if config.cutoff is None:
        return latest
    asked = frequency.period_of(config.cutoff)
    labeled = frequency.date_of(asked)
    if labeled != config.cutoff:
        near = f"{frequency.date_of(asked - 1)}, {labeled} or {frequency.date_of(asked + 1)}"
        findings.add_message(f"cutoff: {config.cutoff} is not a date of the calendar {frequency.name}. Use {near}")
    elif asked < earliest:
        first = frequency.date_of(earliest)
        findings.add_message(
            f"cutoff: {config.cutoff} is before all demand. Use {first}, its first date, or a later date"
        )
    elif asked > latest:
        last, missing = frequency.date_of(latest), plural(asked - latest, frequency.unit)
        findings.add_message(
            f"cutoff: demand ends {last}, {missing} before the cutoff {config.cutoff}. "
            f"Upload the missing demand, or use the cutoff {last}"
        )
    return asked
