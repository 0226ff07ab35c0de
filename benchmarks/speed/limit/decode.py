"""Decode columns of Parquet files with polars, and print the seconds: `python -m benchmarks.speed.limit.decode`."""

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path

import polars as pl

REPEATS = 3


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.limit.decode", description=__doc__)
    parser.add_argument("demand", type=Path, help="folder of Parquet files")
    parser.add_argument("columns", nargs="+", help="columns to decode")
    options = parser.parse_args(arguments)
    print(json.dumps(min(decode(options.demand, options.columns) for _ in range(REPEATS))))


def decode(folder: Path, columns: Sequence[str]) -> float:
    """Decode and drop every value.

    Args:
        folder: Folder of Parquet files.
        columns: Columns to decode.

    Returns:
        Duration in seconds.

    Raises:
        RuntimeError: polars did not decode all rows.
    """
    rows, start = 0, time.perf_counter()
    wanted = pl.scan_parquet(folder / "*.parquet").select(columns)
    # Collecting batches forces polars to decode the values and not only read the files' statistics.
    for batch in wanted.collect_batches(engine="streaming", maintain_order=False):
        rows += batch.height
    seconds = time.perf_counter() - start
    expected = wanted.select(pl.len()).collect().item()
    if rows != expected:
        raise RuntimeError(f"polars decoded {rows:,} of {expected:,} rows")
    return seconds


if __name__ == "__main__":
    main()
