"""The benchmark's demand: generate it, remove it afterwards, and hold out its last weeks."""

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
    """The folder for demand and outputs.

    Attributes:
        folder: Path of the existing folder.
        progress: Log of the benchmark.
    """

    folder: Path
    progress: Progress

    @contextmanager
    def demand(self, series: int, weeks: int) -> Iterator[Path]:
        """Provide a folder with demand, one file per week.

        Uses `SERIESxWEEKS/demand` if it exists. Otherwise generates the demand and removes it afterwards.

        Raises:
            subprocess.CalledProcessError: The generator failed and has printed its error.
        """
        place = self.folder / f"{series}x{weeks}"
        exists = (place / "demand").is_dir()
        try:
            if not exists:
                self.progress.log(f"generate {series:,} series of {weeks} weeks")
                command = [sys.executable, "-m", "benchmarks.generator", "--output", str(place)]
                command += ["--series", str(series), "--weeks", str(weeks)]
                subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)  # nosec B603 # our program
                os.sync()  # otherwise the disk is busy during the measurement
            yield place / "demand"
        finally:
            if not exists:
                shutil.rmtree(place, ignore_errors=True)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Provide an empty folder on the same disk as the demand, and remove it afterwards."""
        with tempfile.TemporaryDirectory(prefix="bench-", dir=self.folder, ignore_cleanup_errors=True) as folder:
            yield Path(folder)


@contextmanager
def workspace_in(folder: Path | None) -> Iterator[BenchmarkWorkspace]:
    """Provide a workspace.

    Args:
        folder: A folder to create if it does not exist, and to keep; None for a temporary folder.
    """
    with ExitStack() as stack:
        place = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        place = place.resolve()
        if lies_in_memory(place):
            sys.exit(
                f"nothing measured: {place} is in memory, which the benchmark cannot measure; set --folder to a disk"
            )
        place.mkdir(parents=True, exist_ok=True)
        yield BenchmarkWorkspace(place, Progress())


@dataclass(frozen=True)
class HeldOut:
    """Demand before the cutoff, and the held-out weeks.

    Attributes:
        past: Folder of the demand that the programs see.
        rows: Actual demand of the held-out weeks.
        cells: All pairs of a series of the past and a held-out week, sorted. The programs forecast these.
    """

    past: Path
    rows: pl.DataFrame
    cells: pl.DataFrame

    @property
    def series(self) -> int:
        """Number of series of the past."""
        return self.cells.height // self.cells["ds"].n_unique()


def hold_out(demand: Path, weeks: int, folder: Path) -> HeldOut:
    """Hold out the last weeks of demand with one file per week. The past consists of hard links.

    Args:
        demand: Folder of all demand.
        weeks: Number of weeks to hold out.
        folder: New folder for the past, on the same disk.
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
    """Return the rows and bytes of a folder of demand."""
    rows = pl.scan_parquet(demand / "*.parquet").select(pl.len()).collect().item()
    return Demand(rows=rows, size=sum(path.stat().st_size for path in demand.iterdir()))
