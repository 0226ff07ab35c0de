"""Writes demand of any size, as a retailer's warehouse would: `python -m benchmarks.generator --series 5000000 ...`."""

import argparse
import shutil
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from benchmarks.generator.assortment import SERIES_A_BLOCK, Assortment
from benchmarks.generator.parquet_tables import Files, StaticFile
from benchmarks.generator.sales import Sales, sales
from benchmarks.generator.series_files import SeriesFiles
from benchmarks.generator.week_files import WeekFiles
from job_code.runtime.progress import Progress

CELLS_AHEAD = 50_000_000  # series x weeks made while others are written, 2 bytes each
SERIES_A_FILE = 500_000
LONGEST = 5200  # weeks: a century
INCOMPLETE = "_incomplete"


@dataclass(kw_only=True)
class Summary:
    """What was written.

    Attributes:
        series: Number of series.
        rows: Rows of demand, zeros included.
        zeros: Rows without a sale.
        launched: Series whose first row lies in the history.
        dead: Series that have stopped selling.
        delisted: Dead series whose rows have ended, too.
        files: Number of files, static columns included.
        size: Bytes of all files.
    """

    series: int = 0
    rows: int = 0
    zeros: int = 0
    launched: int = 0
    dead: int = 0
    delisted: int = 0
    files: int = 0
    size: int = 0

    def add(self, block: Sales) -> None:
        """Counts a block of series."""
        listings, weeks = block.listings, len(block.units)
        rows = int((listings.listed_until - listings.first).sum(dtype=np.int64))
        self.series += listings.article.size
        self.rows += rows
        self.zeros += rows - int(np.count_nonzero(block.units))
        self.launched += int(np.count_nonzero(listings.first))
        self.dead += int(np.count_nonzero(listings.sells_until < weeks))
        self.delisted += int(np.count_nonzero(listings.listed_until < weeks))


@dataclass(frozen=True, kw_only=True)
class Order:
    """What to write.

    Attributes:
        layout: `week`, one file a week, or `series`, one file a range of keys.
        price: Whether demand has a column `price`.
        static: Whether to write static columns, too.
        files: Number of files of the layout `series`.
    """

    layout: str = "week"
    price: bool = False
    static: bool = False
    files: int = 1


def generate(assortment: Assortment, order: Order, folder: Path, *, progress: Progress) -> Summary:
    """Writes `demand/*.parquet` and, if asked for, `static/series.parquet` below a folder; they appear when complete.

    Raises:
        FileExistsError: If the folder is not empty.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty: name a new folder, or empty it")
    unfinished, summary = folder / INCOMPLETE, Summary()
    ahead = max(1, CELLS_AHEAD // (SERIES_A_BLOCK * assortment.weeks))
    try:
        sinks = _open(assortment, order, unfinished)
        with progress.stage("demand") as advance, closing(sales(assortment, ahead=ahead)) as blocks:
            for block in blocks:
                summary.add(block)
                for sink in sinks:
                    sink.add(block)
                advance(summary.series / assortment.series)
            for sink in sinks:
                sink.close()
        for path in sorted(unfinished.iterdir(), reverse=True):  # demand last: where it is, all is
            path.rename(folder / path.name)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    sizes = [path.stat().st_size for path in folder.rglob("*.parquet")]
    summary.files, summary.size = len(sizes), sum(sizes)
    return summary


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line; exits with 2 and one line if an argument is wrong."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.generator", description=__doc__)
    parser.add_argument("--series", type=int, required=True, help="how many pairs of an article and a merchant")
    parser.add_argument("--weeks", type=int, default=156, help="of history (%(default)s)")
    parser.add_argument("--output", type=Path, required=True, help="new or empty folder")
    parser.add_argument("--layout", choices=("week", "series"), default="week", help="one file a week, or a key range")
    parser.add_argument("--files", type=int, help="how many key ranges (one for every 500,000 series)")
    parser.add_argument("--seed", type=int, default=0, help="everything random follows from it (%(default)s)")
    parser.add_argument("--last", type=date.fromisoformat, default=date(2026, 11, 16), help="a Monday (%(default)s)")
    parser.add_argument("--price", action="store_true", help="with a column price")
    parser.add_argument("--static", action="store_true", help="with static columns, one row a series")
    given = parser.parse_args(arguments)
    if min(given.series, given.weeks, 1 if given.files is None else given.files) < 1 or given.seed < 0:
        parser.error("--series, --weeks and --files are 1 or more, --seed 0 or more")
    if given.weeks > LONGEST:
        parser.error(f"--weeks {given.weeks} is more than {LONGEST:,}")
    if given.last.weekday() != 0:
        parser.error(f"--last {given.last} is a {given.last:%A}: name a Monday")
    if given.files is not None and (given.layout != "series" or given.files > given.series):
        parser.error("--files goes with --layout series, and a file holds one series at least")
    assortment = Assortment(series=given.series, weeks=given.weeks, last=given.last, seed=given.seed)
    files = given.files or -(-given.series // SERIES_A_FILE)
    progress = Progress()
    try:
        made = generate(
            assortment,
            Order(layout=given.layout, price=given.price, static=given.static, files=files),
            given.output,
            progress=progress,
        )
    except OSError as error:
        sys.exit(f"nothing written: {error}")
    except KeyboardInterrupt:
        sys.exit("stopped: nothing written")
    print(
        f"{made.series:,} series, {made.rows:,} rows, {made.size / 1e6:,.1f} MB in {made.files:,} files, "
        f"{progress.seconds['demand']:.1f} s\n"
        f"{made.zeros / made.rows:.1%} of the rows are zeros; {made.launched / made.series:.1%} of the series are "
        f"launched in these weeks, {made.dead / made.series:.1%} stop selling, {made.delisted / made.series:.1%} end"
    )


def _open(assortment: Assortment, order: Order, folder: Path) -> list[Files]:
    demand, static = folder / "demand", folder / "static"
    demand.mkdir(parents=True)
    sinks: list[Files] = [
        WeekFiles(demand, assortment, order.price)
        if order.layout == "week"
        else SeriesFiles(folder=demand, assortment=assortment, price=order.price, files=order.files)
    ]
    if order.static:
        static.mkdir()
        sinks.append(StaticFile(static, assortment))
    return sinks
