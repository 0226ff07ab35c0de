"""The benchmark's measurement that a plan extrapolates: the run of the job on the most series."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from cli.checkout import CHECKOUT

RESULTS = CHECKOUT / "benchmarks" / "results.json"


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One run of the job.

    Attributes:
        series: Number of series.
        weeks: Weeks of history of each series.
        cores: Cores of the host.
        rows: Rows of demand.
        bytes: Size of the demand files.
        stages: Seconds of each stage of the job, by name.
        on_cores: Stages of runs on one core and on two, by number of cores; empty without such runs.
        cores_series: Number of series of the runs in `on_cores`.
    """

    series: int
    weeks: int
    cores: int
    rows: int
    bytes: int
    stages: dict[str, float]
    on_cores: dict[int, dict[str, float]] = field(default_factory=dict)
    cores_series: int = 0

    @classmethod
    def read(cls, file: Path = RESULTS) -> Self:
        """Read the largest run that succeeded, and the largest pair of runs on one core and on two."""
        results: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        succeeded = {int(series): each for series, each in results["scaling"].items() if not each["run"].get("failure")}
        series = max(succeeded)
        pairs = {
            int(series): {int(cores): run["stages"] for cores, run in runs.items() if not run.get("failure")}
            for series, runs in results.get("cores", {}).items()
        }
        whole = {series: runs for series, runs in pairs.items() if {1, 2} <= set(runs)}
        demand, run = succeeded[series]["demand"], succeeded[series]["run"]
        return cls(
            series=series,
            weeks=results["weeks"],
            cores=results["machine"]["cores"],
            rows=demand["rows"],
            bytes=demand["size"],
            stages=run["stages"],
            on_cores=whole[max(whole)] if whole else {},
            cores_series=max(whole, default=0),
        )
