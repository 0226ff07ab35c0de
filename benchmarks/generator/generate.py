"""Write synthetic demand of any size: `python -m benchmarks.generator --series 5000000 ...`."""

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

CELLS_AHEAD = 50_000_000  # most series x weeks generated ahead of the writer, 2 bytes each
SERIES_A_FILE = 500_000
LONGEST = 5200  # weeks: a century
INCOMPLETE = "_incomplete"


@dataclass(kw_only=True)
class Summary:
    """Counts of the written demand.

    Attributes:
        series: Number of series.
        rows: Rows of demand, including zeros.
        zeros: Rows without sales.
        launched: Series whose first row is after the first week.
        discontinued: Series that have stopped selling.
        delisted: Discontinued series whose rows have also ended.
        files: Number of files, including static columns.
        size: Bytes of all files.
    """

    series: int = 0
    rows: int = 0
    zeros: int = 0
    launched: int = 0
    discontinued: int = 0
    delisted: int = 0
    files: int = 0
    size: int = 0

    def add(self, block: Sales) -> None:
        """Add a block of series to the counts."""
        listings, weeks = block.listings, len(block.units)
        rows = int((listings.listed_until - listings.first).sum(dtype=np.int64))
        self.series += listings.article.size
        self.rows += rows
        self.zeros += rows - int(np.count_nonzero(block.units))
        self.launched += int(np.count_nonzero(listings.first))
        self.discontinued += int(np.count_nonzero(listings.sells_until < weeks))
        self.delisted += int(np.count_nonzero(listings.listed_until < weeks))


@dataclass(frozen=True, kw_only=True)
class GeneratorOptions:
    """Layout and columns of the files.

    Attributes:
        layout: `week` for one file per week, or `series` for one file per range of keys.
        price: Whether demand has a column `price`.
        static: Whether to also write static columns.
        files: Number of files of the layout `series`.
    """

    layout: str = "week"
    price: bool = False
    static: bool = False
    files: int = 1


def generate(assortment: Assortment, options: GeneratorOptions, folder: Path, *, progress: Progress) -> Summary:
    """Write `demand/*.parquet` and optionally `static/series.parquet` below a folder.

    The files appear in the folder when all of them are complete.

    Raises:
        FileExistsError: The folder is not empty.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty; use a new folder, or empty it")
    unfinished, summary = folder / INCOMPLETE, Summary()
    ahead = max(1, CELLS_AHEAD // (SERIES_A_BLOCK * assortment.weeks))
    try:
        sinks = _open(assortment, options, unfinished)
        with progress.stage("demand") as advance, closing(sales(assortment, ahead=ahead)) as blocks:
            for block in blocks:
                summary.add(block)
                for sink in sinks:
                    sink.add(block)
                advance(summary.series / assortment.series)
            for sink in sinks:
                sink.close()
        for path in sorted(unfinished.iterdir(), reverse=True):  # demand last: if it exists, all files exist
            path.rename(folder / path.name)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    sizes = [path.stat().st_size for path in folder.rglob("*.parquet")]
    summary.files, summary.size = len(sizes), sum(sizes)
    return summary


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line. Exit with 2 and one line if an argument is invalid."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.generator", description=__doc__)
    parser.add_argument("--series", type=int, required=True, help="number of pairs of an article and a merchant")
    parser.add_argument("--weeks", type=int, default=156, help="weeks of history; default: %(default)s")
    parser.add_argument("--output", type=Path, required=True, help="new or empty folder")
    parser.add_argument(
        "--layout", choices=("week", "series"), default="week", help="one file per week, or per key range"
    )
    parser.add_argument("--files", type=int, help="number of key ranges; default: one for every 500,000 series")
    parser.add_argument("--seed", type=int, default=0, help="seed of the random numbers; default: %(default)s")
    parser.add_argument(
        "--last", type=date.fromisoformat, default=date(2026, 11, 16), help="last Monday; default: %(default)s"
    )
    parser.add_argument("--price", action="store_true", help="add a column price")
    parser.add_argument("--static", action="store_true", help="write static columns, one row per series")
    options = parser.parse_args(arguments)
    if min(options.series, options.weeks, 1 if options.files is None else options.files) < 1 or options.seed < 0:
        parser.error("--series, --weeks and --files must be 1 or more, --seed 0 or more")
    if options.weeks > LONGEST:
        parser.error(f"--weeks {options.weeks} must be at most {LONGEST:,}")
    if options.last.weekday() != 0:
        parser.error(f"--last {options.last} is a {options.last:%A}; it must be a Monday")
    if options.files is not None and (options.layout != "series" or options.files > options.series):
        parser.error("--files needs --layout series and must not exceed --series")
    assortment = Assortment(series=options.series, weeks=options.weeks, last=options.last, seed=options.seed)
    files = options.files or -(-options.series // SERIES_A_FILE)
    progress = Progress()
    try:
        made = generate(
            assortment,
            GeneratorOptions(layout=options.layout, price=options.price, static=options.static, files=files),
            options.output,
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
        f"launched during the history, {made.discontinued / made.series:.1%} are discontinued, and the rows of "
        f"{made.delisted / made.series:.1%} end"
    )


def _open(assortment: Assortment, options: GeneratorOptions, folder: Path) -> list[Files]:
    demand, static = folder / "demand", folder / "static"
    demand.mkdir(parents=True)
    sinks: list[Files] = [
        WeekFiles(demand, assortment, options.price)
        if options.layout == "week"
        else SeriesFiles(folder=demand, assortment=assortment, price=options.price, files=options.files)
    ]
    if options.static:
        static.mkdir()
        sinks.append(StaticFile(static, assortment))
    return sinks
