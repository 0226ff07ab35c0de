"""Find rows that were delivered twice, in one file or several. Rows that are added would count twice.

At a till, some sales are equal by chance. In days that were delivered twice, the number of every equal row is even. So
the check compares consecutive days, of one series or of all, with the other days.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl

from contract.calendar.frequencies import DAY
from job_code.config import AggregationRule
from job_code.demand.demand_rows import SOURCE
from job_code.demand.shuffle_files import ShuffledShard
from job_code.plausibility.equal_rows import SeriesDays, groups_of_equal_rows, stretches
from job_code.series.frequency import Frequency
from job_code.tables.key_columns import series_name
from job_code.tables.validation_report import EXAMPLES, ValidationReport

ADDING: tuple[AggregationRule, ...] = ("sum", "mean", "count")
COPIES = (2, 3)  # of each row, that one or two additional deliveries make
AT_LEAST = 20  # rows
DATE, OF_COPIES, DIFFERENT, EVEN, EXTRA, FOUND = "_day", "copies", "different", "even", "extra", "found"
FIRST, LAST = "_first", "_last"
SCHEMA = {DATE: pl.Int64, OF_COPIES: pl.Int64, DIFFERENT: pl.Int64, EVEN: pl.Int64, EXTRA: pl.Int64, FOUND: pl.Int64}


@dataclass(frozen=True)
class RepeatedRows:
    """Equal rows by day. Rows without demand do not count.

    Attributes:
        days: `_day` (days since 1970-01-01) and `copies`; the number of `different` rows; how many of them come in a
            multiple of `copies` (`even`); the `extra` rows that these would have after that many deliveries, and those
            of them that the rows of single series show (`found`).
        examples: Some of these series: key columns, `_first` and `_last` day.
    """

    days: pl.DataFrame
    examples: pl.DataFrame

    @classmethod
    def of(cls, shard: ShuffledShard) -> Self:
        """Count the rows of a shard.

        Args:
            shard: The rows, ordered by series and moment.
        """
        sells = ~np.isnan(shard.value) & (shard.value != 0)
        rows = shard if sells.all() else shard.where(sells)
        nothing = rows.keys.clear().with_columns(pl.lit(0, pl.Int64).alias(name) for name in (FIRST, LAST))
        if not len(rows.moment):
            return cls(pl.DataFrame(schema=SCHEMA), nothing)
        day = rows.moment.astype(np.int64) // DAY
        first = int(day.min())
        day -= first
        begin, size = groups_of_equal_rows(rows)
        counted = np.bincount(day)
        different = counted - np.bincount(day[begin], weights=size - 1, minlength=len(counted)).astype(np.int64)
        own_rows, tables, examples = SeriesDays.of(rows, day, begin, size), [], [nothing]
        for copies in COPIES:
            is_even = size % copies == 0
            begins, extra = day[begin[is_even]], (size - size // copies)[is_even]
            found, series, days = own_rows.delivered(is_even, copies)
            columns = {
                DATE: np.arange(len(counted)) + first,
                OF_COPIES: np.full(len(counted), copies),
                DIFFERENT: different,
                EVEN: np.bincount(begins, minlength=len(counted)),
                EXTRA: np.bincount(begins, weights=extra, minlength=len(counted)),
                FOUND: np.bincount(days, weights=found, minlength=len(counted)),
            }
            tables.append(pl.DataFrame(columns).cast(SCHEMA).filter(pl.col(DIFFERENT) > 0))  # type: ignore[arg-type]
            spans = pl.DataFrame({"series": series, FIRST: days.astype(np.int64) + first}).group_by("series")
            some = spans.agg(pl.col(FIRST).min(), pl.col(FIRST).max().alias(LAST)).sort("series").head(EXAMPLES)
            examples.append(rows.keys[some["series"]].with_columns(some[FIRST, LAST]))
        return cls(pl.concat(tables), pl.concat(examples))

    @classmethod
    def total(cls, parts: Iterable[Self]) -> Self:
        """Add the counts of shards, at least one."""
        every = list(parts)
        days = pl.concat(part.days for part in every).group_by(DATE, OF_COPIES).sum()
        examples = pl.concat(part.examples for part in every)
        return cls(days.sort(OF_COPIES, DATE), examples.sort(examples.columns).head(EXAMPLES))

    def report(self, findings: ValidationReport) -> None:
        """Warn of rows that were probably delivered twice."""
        text, repeated, shown = Frequency("D").text_of, [], []
        for copies in COPIES:
            own = self.days.filter(pl.col(OF_COPIES) == copies)
            different, even, extra, found = (own[name].to_numpy() for name in (DIFFERENT, EVEN, EXTRA, FOUND))
            stretch = stretches(np.zeros(own.height, np.int64), different, even)
            repeated.append(own.select(DATE, pl.Series(EXTRA, np.where(stretch >= 0, extra, found))))
            for number in np.unique(stretch[stretch >= 0])[:EXAMPLES].tolist():
                days = own[DATE].to_numpy()[stretch == number]
                shown.append(f"{text(int(days[0]))} to {text(int(days[-1]))}")
        count = int(pl.concat(repeated).group_by(DATE).max()[EXTRA].sum())
        if count < AT_LEAST:
            return
        of_series = [
            f"{series_name(tuple(key))} {text(first)} to {text(last)}"
            for *key, first, last in self.examples.iter_rows()
        ]
        findings.add(
            SOURCE,
            "row",
            "with the key, time and value of another row, which are added, on days with hardly any other row",
            remedy="They were probably delivered twice. Remove them, unless they are different sales",
            count=count,
            examples=shown or of_series,
            level="warning",
        )
