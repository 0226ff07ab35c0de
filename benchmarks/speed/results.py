"""What the benchmark has measured, as it lies in its JSON file."""

import os
import platform
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from benchmarks.speed.limit.least_work import Limit
from benchmarks.speed.measure_process import ROOT
from benchmarks.speed.process_tree import PROC
from job_code.runtime.process_pool import available_cores
from job_code.runtime.versions import versions

JOB = "job"
JOB_ON_EVERYTHING = "job, fitted on everything"
PLAIN = "plain MLForecast, "  # and what it learns


class Record(BaseModel):
    """A part of the results."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Scores(Record):
    """Accuracy over all series and all held-out weeks; a week without a row is a week without demand.

    Attributes:
        wape: Sum of absolute errors of the mean over the sum of demand.
        rmse: Root of the mean squared error of the mean.
        wql: Weighted quantile loss, averaged over the levels; None where there are no quantiles.
        coverage: Share of values between the lowest and the highest quantile; of one that equals a quantile, a part.
    """

    wape: float
    rmse: float
    wql: float | None = None
    coverage: float | None = None


class Run(Record):
    """One run of one program; sizes in bytes.

    Attributes:
        failure: Why it did not finish; None if it did.
        seconds: From its start to its end, Python's own start included.
        cpu_seconds: Processor time of it and its processes.
        other_cpu_seconds: Processor time that the rest of the machine took meanwhile.
        stages: Seconds of every stage, as the program says.
        peak_memory: Largest proportional set size of the whole process tree.
        peak_stage: In which stage that was.
        peak_disk: Largest size of its output folder, with what it keeps there while it works.
        output: Size of its forecasts.
        series: Series it forecast.
        learned_rows: Rows the model was fitted on; None where the program does not say.
        scores: Accuracy; None where nothing was held out.
        limit: The least time of its work; None of other programs than the job.
        commit: Of this repository.
        at: When it ended.
    """

    failure: str | None = None
    seconds: float
    cpu_seconds: float
    other_cpu_seconds: float
    stages: dict[str, float]
    peak_memory: int
    peak_stage: str
    peak_disk: int
    output: int = 0
    series: int = 0
    learned_rows: int | None = None
    scores: Scores | None = None
    limit: Limit | None = None
    commit: str
    at: str

    @property
    def microseconds_a_series(self) -> float:
        """Time a series took."""
        return self.seconds / self.series * 1e6

    @property
    def times_limit(self) -> float | None:
        """Seconds as a multiple of the limit; None without one."""
        return self.seconds / self.limit.seconds if self.limit else None

    @property
    def told(self) -> str:
        """One line."""
        return (
            self.failure
            or f"{self.seconds:,.1f} s, {self.peak_memory / 1e9:.2f} GB of memory while in {self.peak_stage}"
        )


class Demand(Record):
    """Demand that was generated; `size` in bytes."""

    rows: int
    size: int


class Scaling(Record):
    """The job at one size."""

    demand: Demand
    run: Run


class Comparison(Record):
    """Programs at one size, on the same demand, judged by the same held-out weeks; runs by name of the program."""

    demand: Demand
    naive: Scores
    runs: dict[str, Run] = Field(default_factory=dict)


class Machine(Record):
    """Where it was measured; memory in bytes."""

    processor: str
    cores: int
    memory: int
    system: str
    versions: dict[str, str]
    date: str

    @classmethod
    def here(cls) -> Self:
        """This machine."""
        return cls(
            processor=_after(PROC / "cpuinfo", "model name"),
            cores=available_cores(),
            memory=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
            system=f"{platform.system()} {platform.release()}",
            versions=versions(),
            date=now()[:10],
        )


class Results(Record):
    """Everything; `scaling` and `comparisons` by number of series.

    Attributes:
        weeks: Length of the history that the programs see.
        cores: The job by number of series, then by the number of cores that it could use.
    """

    machine: Machine
    weeks: int
    scaling: dict[int, Scaling] = Field(default_factory=dict)
    comparisons: dict[int, Comparison] = Field(default_factory=dict)
    cores: dict[int, dict[int, Run]] = Field(default_factory=dict)


@dataclass
class ResultsFile:
    """Keeps results in a file that is whole after every single measurement.

    Attributes:
        path: The file.
        results: What it holds, once there is a measurement.
    """

    path: Path
    results: Results

    def add_scaling(self, series: int, scaling: Scaling) -> None:
        """Adds what was measured at a size."""
        self._replace(scaling={**self.results.scaling, series: scaling})

    def add_comparison(self, series: int, comparison: Comparison) -> None:
        """Adds, or replaces, a comparison at a size."""
        self._replace(comparisons={**self.results.comparisons, series: comparison})

    def add_cores(self, series: int, cores: int, run: Run) -> None:
        """Add a run of the job on some of the cores."""
        self._replace(cores={**self.results.cores, series: {**self.results.cores.get(series, {}), cores: run}})

    def _replace(self, **parts: Any) -> None:  # noqa: ANN401 (fields of Results)
        self.results = self.results.model_copy(update=parts)
        unfinished = self.path.with_suffix(".unfinished")
        unfinished.write_text(self.results.model_dump_json(indent=2, exclude_none=True) + "\n", encoding="utf-8")
        unfinished.replace(self.path)


def load(path: Path) -> Results:
    """Reads results back."""
    return Results.model_validate_json(path.read_bytes())


def now() -> str:
    """The time, in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def commit() -> str:
    """Of this repository; with `-dirty` if files differ from it."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return told.stdout.strip()


def _after(path: Path, name: str) -> str:
    lines = path.read_text(errors="replace").splitlines() if path.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), platform.machine())
