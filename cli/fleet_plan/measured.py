"""The benchmark's measurement that a plan extrapolates: the job on the most series that it has run on."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from cli.checkout import CHECKOUT

RESULTS = CHECKOUT / "benchmarks" / "results.json"


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One run of the job.

    Attributes:
        series: Number of series.
        weeks: Length of each one's history.
        cores: Of the machine.
        rows: Of demand.
        bytes: Size of the demand's files.
        stages: Seconds of each stage of the job, by its name.
    """

    series: int
    weeks: int
    cores: int
    rows: int
    bytes: int
    stages: dict[str, float]

    @classmethod
    def read(cls, file: Path = RESULTS) -> Self:
        """Read the largest run that succeeded."""
        results: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        succeeded = {int(series): each for series, each in results["scaling"].items() if not each["run"].get("failure")}
        series = max(succeeded)
        demand, run = succeeded[series]["demand"], succeeded[series]["run"]
        return cls(
            series=series,
            weeks=results["weeks"],
            cores=results["machine"]["cores"],
            rows=demand["rows"],
            bytes=demand["size"],
            stages=run["stages"],
        )
