"""Assign the rows of covariates to series, or groups of series, and to periods."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from job_code.exogenous_files.covariate_shuffle_files import NO_GROUP, ShuffledRows, group_of
from job_code.series.arrays import Cells, Integers
from job_code.series.frequency import Frequency, Moments
from job_code.tables.key_hashes import Hashes
from job_code.tables.validation_report import ValidationReport

SOURCE = "covariates"
DUPLICATES = "duplicates in "  # with the description of the table: the name of a count


@dataclass(frozen=True)
class AlignedRows:
    """Rows of a table.

    Attributes:
        values: Shape (columns, rows).
        series: Index of the series of each row, shape (rows,).
        period: Period number of each row, shape (rows,).
        unmatched: Hash of the key of each row whose series is unknown, shape (unknown rows,).
    """

    values: Cells
    series: Integers
    period: Integers
    unmatched: Hashes

    def of(self, series: Integers) -> "AlignedRows":
        """Return the rows of some series. The series get their positions in `series` as numbers."""
        position = group_of(self.series.astype(np.uint64), series.astype(np.uint64), NO_GROUP)
        kept = position != NO_GROUP
        return AlignedRows(self.values[:, kept], position[kept], self.period[kept], self.unmatched)


def align_rows(
    rows: ShuffledRows, known: Hashes, frequency: Frequency, problems: Counter[str], *, table: str
) -> AlignedRows:
    """Return series and period of each row, and count the invalid rows. Drop rows of unknown series.

    Args:
        rows: Rows of a shard.
        known: Hashes of the keys of all series or groups.
        frequency: Calendar of the demand.
        problems: Takes the counts.
        table: Description of the table, for the message.
    """
    series = group_of(rows.hash, known, NO_GROUP)
    kept = series != NO_GROUP
    series, period = series[kept], periods_of(rows.moment[kept], frequency, problems)
    span = int(np.ptp(period)) + 1 if len(period) else 1
    cell = series * span + (period - period.min(initial=0) if len(period) else period)
    problems[DUPLICATES + table] += len(cell) - len(np.unique(cell))
    return AlignedRows(rows.values[:, kept], series, period, rows.hash[~kept])


def periods_of(moments: Moments, frequency: Frequency, problems: Counter[str]) -> Integers:
    """Return the periods of rows, and count the moments off the calendar.

    Args:
        moments: Minutes since 1970-01-01, shape (rows,).
        frequency: Calendar of the demand.
        problems: Takes the count.

    Returns:
        Period numbers, shape (rows,).
    """
    problems["off_anchor"] += int(np.count_nonzero(frequency.is_off_anchor(moments)))
    return frequency.periods(moments).astype(np.int64)


def report_covariate_problems(problems: Counter[str], frequency: Frequency, findings: ValidationReport) -> None:
    """Report the invalid rows of all covariates."""
    findings.add(
        SOURCE,
        "row",
        f"dated off the calendar {frequency.name} of the demand",
        remedy=f"Date every {frequency.unit} the same way as the demand",
        count=problems["off_anchor"],
        examples=[],
    )
    for name, count in problems.items():
        if name.startswith(DUPLICATES):
            findings.add(
                SOURCE,
                "row",
                f"with the key and {frequency.unit} of another row in {name.removeprefix(DUPLICATES)}",
                remedy=f"Keep one row per key and {frequency.unit}",
                count=count,
                examples=[],
            )
