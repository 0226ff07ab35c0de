"""Demand for tests, and short ways to put it through the job's parts."""

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from job_code.alignment import Repairs, align
from job_code.checks import check_demand
from job_code.config import ForecastConfig
from job_code.demand import read_demand
from job_code.errors import InputError
from job_code.findings import Findings
from job_code.frequency import Frequency
from job_code.output import LocalOutput
from job_code.panel import Panel
from job_code.progress import Progress
from job_code.run import RunRequest, run

LAST = date(2026, 11, 16)  # a Monday
RUN = "the-run"


def series(
    values: Mapping[str, Sequence[float | None]], *, last: date | None = None, frequency: str = "W-MON"
) -> pl.DataFrame:
    """Demand whose series all end in the same period; None leaves a row out."""
    calendar = Frequency(frequency)
    end = calendar.period_of(last or LAST)
    rows = [
        (key, end - len(each) + 1 + at, float(value))
        for key, each in values.items()
        for at, value in enumerate(each)
        if value is not None
    ]
    frame = pl.DataFrame(rows, schema={"unique_id": pl.String, "ds": pl.Int32, "y": pl.Float64}, orient="row")
    return frame.with_columns(calendar.to_date(pl.col("ds")).alias("ds"))


def shop(count: int, periods: int, *, seed: int = 0, frequency: str = "W-MON", noise: float = 0.1) -> pl.DataFrame:
    """Series of various size with a season, a trend and noise."""
    random = np.random.default_rng(seed)
    season = Frequency(frequency).season
    at = np.arange(periods)
    return series(
        {
            f"A{number:03d}": (
                (20 + 80 * random.random())
                * (1 + 0.4 * np.sin(2 * np.pi * (at / season + random.random() / 4)) + 0.001 * at)
                * (1 + noise * random.standard_normal(periods))
            ).tolist()
            for number in range(count)
        },
        frequency=frequency,
    )


def write(folder: Path, files: Mapping[str, pl.DataFrame | bytes]) -> Path:
    """Writes files by name (`a.parquet`, `b/c.csv`, or bytes under any name) and returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif name.endswith(".csv"):
            content.write_csv(path)
        else:
            content.write_parquet(path)
    return folder


def configured(**settings: object) -> ForecastConfig:
    """A configuration, quick to fit."""
    return ForecastConfig.from_mapping({"trees": 10, "horizon": 4, **settings}, source="configuration")


def panel_of(folder: Path, demand: pl.DataFrame, **settings: object) -> tuple[Panel, Repairs]:
    """Reads, checks and aligns demand."""
    findings, config = Findings(), configured(**settings)
    read = read_demand(write(folder, {"demand.parquet": demand}), config, findings)
    return align(check_demand(read, config, findings), config)


def problems(folder: Path, files: Mapping[str, pl.DataFrame | bytes], **settings: object) -> list[str]:
    """Everything that reading and checking says is wrong with demand files."""
    findings, config = Findings(), configured(**settings)
    try:
        check_demand(read_demand(write(folder, files), config, findings), config, findings)
    except InputError as error:
        return list(error.problems)
    return []


@dataclass(frozen=True)
class Finished:
    """What a run left."""

    folder: Path

    @property
    def manifest(self) -> dict[str, Any]:
        return dict(json.loads((self.forecast_folder / "_manifest.json").read_text()))

    @property
    def quality(self) -> dict[str, Any]:
        return dict(json.loads((self._part("reports") / "data_quality.json").read_text()))

    @property
    def report(self) -> str:
        return (self._part("reports") / "report.html").read_text(encoding="utf-8")

    @property
    def forecast_folder(self) -> Path:
        return self._part("forecasts")

    @property
    def parts(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted(self.forecast_folder.glob("part-*.parquet"))}

    @property
    def forecasts(self) -> pl.DataFrame:
        return pl.concat([pl.read_parquet(content) for content in self.parts.values()])

    def of(self, key: str) -> pl.DataFrame:
        return self.forecasts.filter(pl.col("unique_id") == key)

    def _part(self, kind: str) -> Path:
        (folder,) = self.folder.glob(f"{kind}/partition=*/run_id=*")
        return folder


def run_job(
    folder: Path,
    demand: pl.DataFrame | Mapping[str, pl.DataFrame | bytes],
    *,
    static: Mapping[str, pl.DataFrame | bytes] | None = None,
    **settings: object,
) -> Finished:
    """Runs the whole job in this process, in a folder of its own."""
    files = {"demand.parquet": demand} if isinstance(demand, pl.DataFrame) else demand
    inputs = {"demand": write(folder / "demand", files)}
    if static is not None:
        inputs["static"] = write(folder / "static", static)
    scratch = folder / "scratch"
    scratch.mkdir()
    request = RunRequest(RUN, "all", inputs, configured(**settings))
    run(request, LocalOutput(folder / "out", RUN), progress=Progress(io.StringIO()), folder=scratch)
    return Finished(folder / "out")
