"""Sizes of the work units of a run. They limit its memory and do not change the forecasts."""

from dataclasses import dataclass, replace

import numpy as np

from job_code.demand.shuffle_files import ROW

KEY_BYTES = 1  # per row of demand: its share of the key of the series
VALUE_BYTES = 5  # per aligned value in preparation/panel_chunks.py, with its share of the other files of a chunk
COVARIATE_BYTES = 4  # per value of one column
FORECAST_BYTES = 24  # per row of forecasts, uncompressed
FLEET_CHUNK_VALUES = 2_000_000  # per chunk; one core forecasts it in about a second


@dataclass(frozen=True)
class WorkSizes:
    """Sizes of the work units of a run.

    Attributes:
        rows_per_batch: Rows to read at a time.
        rows_per_shard: Average number of demand rows of a shard. Covariates count by their bytes.
        values_per_chunk: Maximum number of aligned values of a chunk, without the values of its first series.
        rows_worth_a_worker: Minimum number of rows per worker. With fewer rows, fewer processes do the work.
    """

    rows_per_batch: int = 1_000_000
    rows_per_shard: int = 3_500_000
    values_per_chunk: int = 4_000_000  # a shard of dense demand is one chunk
    rows_worth_a_worker: int = 1_000_000

    def for_fleet(self, values: int, chunks: int) -> "WorkSizes":
        """Return sizes for a fleet: chunks small enough to keep all cores of all instances busy to the end.

        Args:
            values: Approximate number of aligned values.
            chunks: Minimum number of chunks.
        """
        return replace(self, values_per_chunk=max(1, min(FLEET_CHUNK_VALUES, values // chunks)))

    def shards(self, rows: int, extra_bytes: int = 0) -> int:
        """Return the number of shards.

        Args:
            rows: Number of demand rows.
            extra_bytes: Bytes of covariates in the shards. For rare sellers they can exceed the demand.
        """
        return max(1, -(-(rows + extra_bytes // ROW.itemsize) // self.rows_per_shard))

    def worthwhile_workers(self, rows: int) -> int:
        """Return the number of processes that the rows keep busy long enough to pay for their start."""
        return max(1, rows // self.rows_worth_a_worker)

    def disk_for_shards(self, rows: int, row: "np.dtype[np.void]" = ROW) -> int:
        """Return the disk space of the shards, in bytes. The panels of dense demand need less."""
        return rows * (row.itemsize + KEY_BYTES)

    def disk_for_covariates(self, values: int, columns: int) -> int:
        """Return the approximate disk space of per-series covariates, in bytes."""
        return values * columns * COVARIATE_BYTES

    def disk_for_panels(self, values: int, rows: int) -> int:
        """Return the approximate disk space of the panels beyond the space that the deleted shards free, in bytes."""
        return max(0, values * VALUE_BYTES - self.disk_for_shards(rows))

    def disk_for_forecasts(self, rows: int) -> int:
        """Return the approximate disk space of rows of forecasts, in bytes."""
        return rows * FORECAST_BYTES
