"""The benchmark's results and their JSON file. The names of fields and programs are part of the file format."""

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
PLAIN = "plain MLForecast, "  # followed by the variant


class Record(BaseModel):
    """Base class of the records in the results."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Scores(Record):
    """Accuracy over all series and all held-out weeks. A week without a row has no demand.

    Attributes:
        wape: Sum of absolute errors of the mean, divided by the sum of demand.
        rmse: Root mean squared error of the mean.
        wql: Weighted quantile loss, averaged over the levels; None without quantiles.
        coverage: Share of actuals between the lowest and highest quantile. One equal to a quantile counts in part.
    """

    wape: float
    rmse: float
    wql: float | None = None
    coverage: float | None = None


class Run(Record):
    """One run of one program. Sizes are in bytes.

    Attributes:
        failure: Cause of the failure; None if the run succeeded.
        seconds: Duration of the process, including the start of Python.
        cpu_seconds: Processor time of the process tree.
        other_cpu_seconds: Processor time of all other programs on the host during the run.
        stages: Seconds of each stage, from the program's log.
        peak_memory: Largest proportional set size of the process tree.
        peak_stage: Stage with the peak of memory.
        peak_disk: Largest size of the output folder, including working files.
        output: Size of the forecasts.
        series: Number of forecast series.
        learned_rows: Rows on which the model was fitted; None if the program does not report them.
        scores: Accuracy; None without held-out weeks.
        limit: Lower bound of the time; None for programs other than the job.
        commit: Commit of this repository.
        at: End of the run.
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
        """Microseconds per series."""
        return self.seconds / self.series * 1e6

    @property
    def times_limit(self) -> float | None:
        """Seconds as a multiple of the lower bound; None without a lower bound."""
        return self.seconds / self.limit.seconds if self.limit else None

    @property
    def summary(self) -> str:
        """Time and memory, or the failure, in one line."""
        return (
            self.failure
            or f"{self.seconds:,.1f} s, {self.peak_memory / 1e9:.2f} GB of memory in stage {self.peak_stage}"
        )


class Demand(Record):
    """Generated demand. `size` is in bytes."""

    rows: int
    size: int


class Scaling(Record):
    """A run of the job at one size."""

    demand: Demand
    run: Run


class Comparison(Record):
    """Runs of several programs on the same demand with the same held-out weeks, by name of the program."""

    demand: Demand
    naive: Scores
    runs: dict[str, Run] = Field(default_factory=dict)


class Host(Record):
    """The host of the measurements. `memory` is in bytes."""

    processor: str
    cores: int
    memory: int
    system: str
    versions: dict[str, str]
    date: str

    @classmethod
    def current(cls) -> Self:
        """Describe the current host."""
        return cls(
            processor=_after(PROC / "cpuinfo", "model name"),
            cores=available_cores(),
            memory=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
            system=f"{platform.system()} {platform.release()}",
            versions=versions(),
            date=now()[:10],
        )


class Results(Record):
    """All results. The keys of `scaling` and `comparisons` are numbers of series.

    Attributes:
        machine: The host.
        weeks: Weeks of history that the programs see.
        cores: Runs of the job by number of series, then by number of cores.
    """

    machine: Host
    weeks: int
    scaling: dict[int, Scaling] = Field(default_factory=dict)
    comparisons: dict[int, Comparison] = Field(default_factory=dict)
    cores: dict[int, dict[int, Run]] = Field(default_factory=dict)


@dataclass
class ResultsFile:
    """A results file that is complete after every measurement.

    Attributes:
        path: Path of the file.
        results: Contents of the file after the first measurement.
    """

    path: Path
    results: Results

    def add_scaling(self, series: int, scaling: Scaling) -> None:
        """Add a run of the job at a size."""
        self._replace(scaling={**self.results.scaling, series: scaling})

    def add_comparison(self, series: int, comparison: Comparison) -> None:
        """Add or replace a comparison at a size."""
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
    """Read a results file."""
    return Results.model_validate_json(path.read_bytes())


def now() -> str:
    """Return the current UTC time in ISO format, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def commit() -> str:
    """Return the commit of this repository, with the suffix `-dirty` if files differ from it."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # nosec B603 # git
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()


def _after(path: Path, name: str) -> str:
    lines = path.read_text(errors="replace").splitlines() if path.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), platform.machine())
