"""Tells which series, or group of series, and which period the rows of covariates are about."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from job_code.exogenous.covariate_shuffle_files import SpilledRows, group_of
from job_code.exogenous.covariates import NO_GROUP, Cells
from job_code.series.arrays import Integers
from job_code.series.frequency import Frequency
from job_code.tables.key_hashes import Hashes
from job_code.tables.row_checks import DAY
from job_code.tables.validation_report import ValidationReport

SOURCE = "covariates"


@dataclass(frozen=True)
class AlignedRows:
    """Rows of a table: values of shape (columns, rows), and the series and period they are about, shape (rows,)."""

    values: Cells
    series: Integers
    period: Integers

    def of(self, series: Integers) -> "AlignedRows":
        """The rows of some series, renumbered by their position in `series`."""
        position = group_of(self.series.astype(np.uint64), series.astype(np.uint64), NO_GROUP)
        kept = position != NO_GROUP
        return AlignedRows(self.values[:, kept], position[kept], self.period[kept])


def align_rows(rows: SpilledRows, known: Hashes, frequency: Frequency, problems: Counter[str]) -> AlignedRows:
    """Tells series and period of rows, and counts those that cannot be used.

    Args:
        rows: As they were spilled; those about nothing that is known are left out.
        known: Hashes of the keys of all series, or groups.
        frequency: The demand's calendar.
        problems: Takes the counts.
    """
    series = group_of(rows.hash, known, NO_GROUP)
    kept = series != NO_GROUP
    series, period = series[kept], periods_of(rows.day[kept], frequency, problems)
    span = int(np.ptp(period)) + 1 if len(period) else 1
    cell = series * span + (period - period.min(initial=0) if len(period) else period)
    problems["duplicates"] += len(cell) - len(np.unique(cell))
    return AlignedRows(rows.values[:, kept], series, period)


def periods_of(day: npt.NDArray[np.int32], frequency: Frequency, problems: Counter[str]) -> Integers:
    """Tells the periods of dates, and counts those off the calendar.

    Args:
        day: Days since 1970-01-01, shape (rows,).
        frequency: The demand's calendar.
        problems: Takes the count.
    """
    told = pl.DataFrame({DAY: day}).select(pl.col(DAY).cast(pl.Date))
    told = told.select(
        frequency.to_period(pl.col(DAY)).cast(pl.Int64).alias("period"),
        frequency.is_off_anchor(pl.col(DAY)).alias("off"),
    )
    problems["off_anchor"] += int(told["off"].sum())
    return told["period"].to_numpy()


def report_covariate_problems(problems: Counter[str], frequency: Frequency, findings: ValidationReport) -> None:
    """Takes note of rows that could not be used."""
    findings.add(
        SOURCE,
        "row",
        f"dated off the calendar {frequency.name} of the demand",
        remedy=f"date every {frequency.unit} as the demand does",
        count=problems["off_anchor"],
        examples=[],
    )
    findings.add(
        SOURCE,
        "row",
        f"with the key and {frequency.unit} of another",
        remedy=f"keep one row per key and {frequency.unit}",
        count=problems["duplicates"],
        examples=[],
    )
