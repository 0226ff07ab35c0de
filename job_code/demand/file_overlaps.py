"""Find rows that two files have in common, such as extracts that overlap. Rows that are added would count twice.

A digest of the rows of each file and day is enough: equal digests of two files are equal rows, in any order.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import numpy.typing as npt
import polars as pl

from contract.calendar.frequencies import DAY, NUMBERED
from job_code.config import ForecastConfig
from job_code.demand.demand_rows import SOURCE, VALUE
from job_code.series.frequency import Frequency
from job_code.tables.key_hashes import Hashes
from job_code.tables.validation_report import EXAMPLES, ValidationReport
from job_code.times.moments import MOMENT, may_combine

ADDING = ("sum", "mean", "count")
AT_LEAST = 20  # equal rows of two files; fewer may be equal by chance
MOST = 0.5  # of the rows of the smaller file, on the days of both
MAX_DIGESTS = 4_000_000  # beyond, the files have hardly more than a row a day
MAX_WAITING = 500_000  # digests of batches, in memory until they are added
OF_A_TABLE = 50  # digests that take as much memory as a table without any
MULTIPLIERS = tuple(np.uint64(each) for each in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))
SHIFT = np.uint64(29)
FILE, OTHER, DATE, ROWS, DIGEST = "file", "other", "day", "rows", "digest"
SCHEMA = {FILE: pl.String, DATE: pl.Int32, ROWS: pl.Int64, DIGEST: pl.UInt64}


def adds_rows(config: ForecastConfig) -> bool:
    """Return whether the configuration allows that several rows with dates are added or averaged."""
    return may_combine(config) and config.aggregate in (*ADDING, "auto") and config.frequency != NUMBERED


@dataclass(frozen=True)
class RowDigests:
    """Digest of the rows of each file and day.

    Attributes:
        table: `file`, `day` (days since 1970-01-01), `rows` and `digest`. Rows without demand do not count.
        are_too_many: Whether there were more than `MAX_DIGESTS`. The table is empty then.
    """

    table: pl.DataFrame
    are_too_many: bool = False

    @classmethod
    def of(cls, batch: pl.DataFrame, hashes: Hashes, file: str) -> Self:
        """Compute the digests of one cleaned batch.

        Args:
            batch: Rows of the file.
            hashes: Hash of the key of each row, shape (rows,).
            file: Name of the file.
        """
        sells = batch[VALUE].fill_null(0).fill_nan(0).to_numpy() != 0
        moments, values = batch[MOMENT].to_numpy()[sells], batch[VALUE].to_numpy()[sells]
        if not len(moments):
            return cls(pl.DataFrame(schema=SCHEMA))
        days = moments // DAY
        first = int(days.min())
        rows = np.bincount(days - first)
        digest = np.zeros(len(rows), dtype=np.uint64)
        np.add.at(digest, days - first, _mixed(hashes[sells], moments, values))
        seen = np.flatnonzero(rows)
        columns = {DATE: seen + first, ROWS: rows[seen], DIGEST: digest[seen]}
        return cls(pl.DataFrame(columns).select(pl.lit(file).alias(FILE), pl.all()).cast(SCHEMA))  # type: ignore[arg-type]

    @classmethod
    def total(cls, parts: Iterable[Self]) -> Self:
        """Add the digests of batches, so that the order and the borders of batches do not matter."""
        stacked = list(parts)
        added = pl.concat([pl.DataFrame(schema=SCHEMA), *(part.table for part in stacked)])
        added = added.group_by(FILE, DATE).agg(pl.col(ROWS, DIGEST).sum())
        if added.height > MAX_DIGESTS or any(part.are_too_many for part in stacked):
            return cls(added.clear(), are_too_many=True)
        return cls(added)

    def report(self, findings: ValidationReport) -> None:
        """Warn of files that have most of the rows of their common days in common."""
        repeated = self.table.filter(pl.struct(DATE, ROWS, DIGEST).is_duplicated()).sort(FILE)
        originals = repeated.group_by(DATE, ROWS, DIGEST).agg(pl.col(FILE).min())
        copied = (
            originals.join(repeated.rename({FILE: OTHER}), on=[DATE, ROWS, DIGEST])
            .filter(pl.col(FILE) < pl.col(OTHER))
            .group_by(FILE, OTHER)
            .agg(pl.col(ROWS).sum(), first=pl.col(DATE).min(), last=pl.col(DATE).max())
            .filter(pl.col(ROWS) >= AT_LEAST)
        )
        days = self.table.select(FILE, DATE, ROWS)
        common = (
            copied.select(FILE, OTHER)
            .join(days, on=FILE)
            .join(days.rename({FILE: OTHER}), on=[OTHER, DATE])
            .group_by(FILE, OTHER)
            .agg(common=pl.min_horizontal(pl.col(ROWS).sum(), pl.col(f"{ROWS}_right").sum()))
        )
        found = copied.join(common, on=[FILE, OTHER]).filter(pl.col(ROWS) >= MOST * pl.col("common"))
        text = Frequency("D").text_of
        findings.add(
            SOURCE,
            "row",
            "with the key, time and value of a row in another file, which are added",
            remedy="Remove them from one of the files, unless they are different sales",
            count=int(found[ROWS].sum()),
            examples=[
                f"{text(row['first'])} to {text(row['last'])} in {row[FILE]} and {row[OTHER]}"
                for row in found.sort(FILE, OTHER).head(EXAMPLES).iter_rows(named=True)
            ],
            level="warning",
        )


@dataclass
class DigestCollector:
    """Digests of batches, added before they become many. Memory: at most twice `MAX_DIGESTS`, and `MAX_WAITING`.

    Attributes:
        added: Those that are added.
        waiting: Those of the latest batches.
        size: Size of those that wait.
    """

    added: RowDigests = field(default_factory=lambda: RowDigests.total([]))
    waiting: list[RowDigests] = field(default_factory=list)
    size: int = 0

    def add(self, digests: RowDigests) -> None:
        """Add the digests of one or several batches."""
        self.waiting.append(digests)
        self.size += digests.table.height + OF_A_TABLE
        if self.size > max(MAX_WAITING, self.added.table.height):  # so each digest is added a few times only
            self.total()

    def total(self) -> RowDigests:
        """Return the digests of all batches so far."""
        self.added, self.waiting, self.size = RowDigests.total([self.added, *self.waiting]), [], 0
        return self.added


def _mixed(hashes: Hashes, moments: npt.NDArray[np.int32], values: npt.NDArray[np.float32]) -> npt.NDArray[np.uint64]:
    """Return a hash of each row. The sum of such hashes depends on every bit of every row."""
    mixed: npt.NDArray[np.uint64] = hashes + moments.astype(np.uint64) * MULTIPLIERS[0]
    mixed ^= mixed >> SHIFT
    mixed *= MULTIPLIERS[1]
    mixed ^= values.view(np.uint32)
    mixed *= MULTIPLIERS[2]
    mixed ^= mixed >> SHIFT
    return mixed * MULTIPLIERS[1]
