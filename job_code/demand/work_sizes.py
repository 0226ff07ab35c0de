"""Sizes of a run's work units. They bound its memory and change no forecast."""

from dataclasses import dataclass, replace

import numpy as np

from job_code.demand.shuffle_files import ROW

KEY_BYTES = 1  # of a row of demand: its part of the series' key
VALUE_BYTES = 5  # a value as preparation/panel_chunks.py keeps it, and its part of all else that is kept
COVARIATE_BYTES = 4  # a value of one column
FORECAST_BYTES = 24  # a row of forecasts, should it not compress at all
VALUES_TO_HAND_OVER = 2_000_000  # of a chunk: a second of one core's work, more or less


@dataclass(frozen=True)
class WorkSizes:
    """Sizes of a run's work units.

    Attributes:
        rows_per_batch: Rows read at a time.
        rows_per_shard: Rows of demand a shard holds, on average, or as much of what lies beside them.
        values_per_chunk: Aligned values a chunk holds at most, beside those of its first series.
        rows_worth_a_worker: With fewer rows a worker than this, this process does all the work.
    """

    rows_per_batch: int = 1_000_000
    rows_per_shard: int = 3_500_000
    values_per_chunk: int = 4_000_000  # a shard of dense demand is one chunk
    rows_worth_a_worker: int = 1_000_000

    def for_fleet(self, values: int, chunks: int) -> "WorkSizes":
        """Return sizes for a fleet: chunks small enough to keep all cores of all instances busy to the end.

        Args:
            values: Aligned values there are, about.
            chunks: Chunks there must be at least.
        """
        return replace(self, values_per_chunk=max(1, min(VALUES_TO_HAND_OVER, values // chunks)))

    def shards(self, rows: int, bytes_beside: int = 0) -> int:
        """Number of shards.

        Args:
            rows: Rows of demand.
            bytes_beside: Of what else lies in the shards: prices may go back years for articles that sell twice a year.
        """
        return max(1, -(-(rows + bytes_beside // ROW.itemsize) // self.rows_per_shard))

    def worthwhile_workers(self, rows: int) -> int:
        """How many processes a number of rows keeps busy long enough to be started for it."""
        return max(1, rows // self.rows_worth_a_worker)

    def disk_for_shards(self, rows: int, row: "np.dtype[np.void]" = ROW) -> int:
        """Bytes of disk that the shards of a number of rows need; what is aligned of dense demand needs less."""
        return rows * (row.itemsize + KEY_BYTES)

    def disk_for_covariates(self, values: int, columns: int) -> int:
        """Bytes of disk that covariates of single series need beside their aligned values, about."""
        return values * columns * COVARIATE_BYTES

    def disk_for_panels(self, values: int, rows: int) -> int:
        """Bytes of disk that aligned values need beyond what the shards of their rows leave, about."""
        return max(0, values * VALUE_BYTES - self.disk_for_shards(rows))

    def disk_for_forecasts(self, rows: int) -> int:
        """Bytes of disk that a number of rows of forecasts need, about."""
        return rows * FORECAST_BYTES
