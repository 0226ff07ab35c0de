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
    parser.add_argument("columns", nargs="+", help="to decode")
    given = parser.parse_args(arguments)
    print(json.dumps(min(decode(given.demand, given.columns) for _ in range(REPEATS))))


def decode(folder: Path, columns: Sequence[str]) -> float:
    """Decode every value, and keep none.

    Args:
        folder: Of Parquet files.
        columns: To decode.

    Returns:
        Seconds.
    """
    rows, start = 0, time.perf_counter()
    wanted = pl.scan_parquet(folder / "*.parquet").select(columns)
    # A batch is made of values, not of the files' statistics.
    for batch in wanted.collect_batches(engine="streaming", maintain_order=False):
        rows += batch.height
    seconds = time.perf_counter() - start
    there = wanted.select(pl.len()).collect().item()
    if rows != there:
        raise RuntimeError(f"{rows:,} of {there:,} rows were decoded")
    return seconds


if __name__ == "__main__":
    main()
