"""The demand that is measured on: generated when it is needed, removed afterwards, parted from what is held out."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from benchmarks.plain_mlforecast import KEY
from benchmarks.speed.measure_process import ROOT
from benchmarks.speed.process_tree import lies_in_memory
from benchmarks.speed.results import Demand
from job_code.runtime.progress import Progress


@dataclass(frozen=True)
class BenchmarkWorkspace:
    """Where demand and outputs lie.

    Attributes:
        folder: The folder; it exists.
        progress: Told what is done.
    """

    folder: Path
    progress: Progress

    @contextmanager
    def demand(self, series: int, weeks: int) -> Iterator[Path]:
        """A folder with demand, one file a week: `SERIESxWEEKS/demand` if it is there, else made and removed.

        Raises:
            subprocess.CalledProcessError: If the generator fails; what it said has been printed.
        """
        place = self.folder / f"{series}x{weeks}"
        there = (place / "demand").is_dir()
        try:
            if not there:
                self.progress.say(f"generate {series:,} series of {weeks} weeks")
                command = [sys.executable, "-m", "benchmarks.generator", "--output", str(place)]
                command += ["--series", str(series), "--weeks", str(weeks)]
                subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
                os.sync()  # or the disk would be busy with it while the job is measured
            yield place / "demand"
        finally:
            if not there:
                shutil.rmtree(place, ignore_errors=True)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """An empty folder that is removed afterwards; on the same disk as demand."""
        with tempfile.TemporaryDirectory(prefix="bench-", dir=self.folder, ignore_cleanup_errors=True) as folder:
            yield Path(folder)


@contextmanager
def workspace_in(folder: Path | None) -> Iterator[BenchmarkWorkspace]:
    """Make a workspace in a folder, which stays, or else in one that is removed afterwards.

    Args:
        folder: It need not exist yet; None for one that is removed.
    """
    with ExitStack() as stack:
        place = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        place = place.resolve()
        if lies_in_memory(place):
            sys.exit(f"nothing measured: {place} is kept in memory, which would not count; name a --folder on a disk")
        place.mkdir(parents=True, exist_ok=True)
        yield BenchmarkWorkspace(place, Progress())


@dataclass(frozen=True)
class HeldOut:
    """Demand without its last weeks, and these.

    Attributes:
        past: Folder of the demand that the programs see.
        rows: What happened in the weeks after it.
        cells: Every series of the past x every week held out, sorted: what is to be forecast.
    """

    past: Path
    rows: pl.DataFrame
    cells: pl.DataFrame

    @property
    def series(self) -> int:
        """Number of series of the past."""
        return self.cells.height // self.cells["ds"].n_unique()


def hold_out(demand: Path, weeks: int, folder: Path) -> HeldOut:
    """Parts demand of one file a week by hard links.

    Args:
        demand: All demand.
        weeks: How many of the last weeks to hold out.
        folder: Where to link the files of the past; on the same disk.
    """
    files = {date.fromisoformat(path.stem): path for path in demand.glob("*.parquet")}
    cutoff = max(files) - timedelta(weeks=weeks)
    folder.mkdir()
    for week, path in files.items():
        if week <= cutoff:
            (folder / path.name).hardlink_to(path)
    rows = pl.read_parquet([path for week, path in sorted(files.items()) if week > cutoff])
    keys = pl.scan_parquet(folder / "*.parquet").select(KEY).unique().sort(KEY).collect(engine="streaming")
    after = pl.DataFrame({"ds": [cutoff + timedelta(weeks=week + 1) for week in range(weeks)]})
    return HeldOut(folder, rows, keys.join(after, how="cross"))


def describe(demand: Path) -> Demand:
    """Rows and bytes of a folder."""
    rows = pl.scan_parquet(demand / "*.parquet").select(pl.len()).collect().item()
    return Demand(rows=rows, size=sum(path.stat().st_size for path in demand.iterdir()))
