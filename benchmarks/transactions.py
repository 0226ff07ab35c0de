"""Measure the job on raw transactions: `python -m benchmarks.transactions`.

The transactions are those of the generator's weekly demand: every sold quantity of a week is split over random minutes
of this week. The job sums them up to weeks. It runs on the weekly demand too, so that both can be compared.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.plain_mlforecast import KEY
from benchmarks.speed.demand_sets import describe, workspace_in
from benchmarks.speed.process_tree import supported
from benchmarks.speed.programs import run_job
from benchmarks.speed.results import Demand, Run
from benchmarks.speed.tables.markdown_table import markdown_table

SERIES, TRANSACTIONS = 300_000, 100_000_000
MINUTES_OF_WEEK = 7 * 24 * 60
MICROSECONDS = 60_000_000  # of a minute
MAX_MEMORY_RATIO = 1.2  # of the weekly demand's; equal runs differ by up to a tenth
AS_WEEKS = {"frequency": "W-MON", "aggregate": "sum"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Returns:
        0 if the job needs no more memory for transactions than for weeks, 1 otherwise.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.transactions", description=__doc__)
    parser.add_argument("--series", type=int, default=SERIES, metavar="N", help="series; default: %(default)s")
    parser.add_argument("--weeks", type=int, default=156, metavar="N", help="weeks of history; default: %(default)s")
    parser.add_argument(
        "--transactions", type=int, default=TRANSACTIONS, metavar="N", help="rows, about; default: %(default)s"
    )
    parser.add_argument("--folder", type=Path, metavar="DIR", help="folder for demand and outputs, on a disk")
    options = parser.parse_args(arguments)
    if not supported():
        sys.exit("nothing measured: this benchmark runs on Linux only")
    runs: dict[str, tuple[Demand, Run]] = {}
    with (
        workspace_in(options.folder) as workspace,
        workspace.demand(options.series, options.weeks) as weeks,
        workspace.scratch() as scratch,
    ):
        workspace.progress.log(f"write about {options.transactions:,} transactions")
        series = write_transactions(weeks, scratch / "transactions", options.transactions)
        for name, demand, settings, count in (
            ("weeks", weeks, {}, options.series),
            ("transactions", scratch / "transactions", AS_WEEKS, series),
        ):
            workspace.progress.log(f"run the job on {name}")
            run = run_job(demand, scratch / f"out-{name}", series=count, settings=settings)
            if run.failure:
                sys.exit(f"the job on {name} failed: {run.failure}")
            runs[name] = describe(demand), run
    print(table(runs))
    raw, weekly = (runs[name][1].peak_memory for name in ("transactions", "weeks"))
    ratio = raw / weekly
    print(
        f"\nMemory for transactions relative to weeks: {ratio:.2f} ({raw:,} / {weekly:,} bytes); "
        f"target: at most {MAX_MEMORY_RATIO:g}"
    )
    return 0 if ratio <= MAX_MEMORY_RATIO else 1


def write_transactions(weeks: Path, folder: Path, count: int, *, seed: int = 0) -> int:
    """Write one file of transactions for each file of a week, in the order of their minutes.

    Args:
        weeks: Folder with one file per week, named by its Monday.
        folder: New folder for the transactions. They have the columns of the weeks; `ds` is a minute.
        count: Approximate number of transactions.
        seed: Seed of the random minutes and quantities.

    Returns:
        Number of series with a transaction.
    """
    folder.mkdir()
    rng = np.random.default_rng(seed)
    files = sorted(weeks.glob("*.parquet"))
    sold = pl.scan_parquet(files).filter(pl.col("y") > 0)
    each = max(1, round(count / sold.select(pl.len()).collect(engine="streaming").item()))
    for file in files:
        _split(pl.read_parquet(file).filter(pl.col("y") > 0), each, date.fromisoformat(file.stem), rng).write_parquet(
            folder / file.name
        )
    return int(sold.select(pl.struct(KEY).n_unique()).collect(engine="streaming").item())


def table(runs: dict[str, tuple[Demand, Run]]) -> str:
    """Return a table of time and memory.

    Args:
        runs: By name, the demand and the run of the job on it.
    """
    stages = list(next(iter(runs.values()))[1].stages)
    head = ["demand", "rows", "s", "GB of memory", "peak in", *(f"{stage} s" for stage in stages)]
    rows = [
        [
            name,
            f"{demand.rows:,}",
            f"{run.seconds:,.1f}",
            f"{run.peak_memory / 1e9:.2f}",
            run.peak_stage,
            *(f"{run.stages[stage]:,.1f}" for stage in stages),
        ]
        for name, (demand, run) in runs.items()
    ]
    return markdown_table(head, rows)


def _split(rows: pl.DataFrame, each: int, monday: date, rng: np.random.Generator) -> pl.DataFrame:
    """Split the quantity of every row over random minutes of its week."""
    parts = rng.random((rows.height, each))
    parts /= parts.sum(axis=1, keepdims=True)
    minutes = rng.integers(0, MINUTES_OF_WEEK, rows.height * each)
    begin = pl.lit(monday).cast(pl.Datetime("us"))
    return (
        rows.select(
            *(pl.col(name).repeat_by(each).explode() for name in KEY),
            ds=begin + pl.lit(pl.Series(minutes * MICROSECONDS, dtype=pl.Duration("us"))),
            y=pl.col("y").repeat_by(each).explode() * pl.Series(parts.ravel()),
        )
        .sort("ds")
        .with_columns(pl.col("y").cast(pl.Float32))
    )


if __name__ == "__main__":
    sys.exit(main())
