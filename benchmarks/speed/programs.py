"""Run the compared programs as a user does: in a separate process, from Parquet files to Parquet files."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.plain_mlforecast import KEY
from benchmarks.speed.limit.measure import measure_limit
from benchmarks.speed.measure_process import Finished, folder_size, measure
from benchmarks.speed.results import Run, commit, now
from contract.partitions import WHOLE
from contract.s3.keys import MANIFEST, RunKeys
from job_code.config import ForecastConfig
from job_code.forecasting.model_document import RESIDUAL_SCALE
from job_code.model.segment_model import DemandSegment
from job_code.runtime.process_pool import available_cores
from job_code.series.demand_classes import DEMAND_CLASSES

RUN_ID = "bench"


def run_job(
    demand: Path, output: Path, *, series: int, settings: Mapping[str, str] | None = None, cores: int | None = None
) -> Run:
    """Run the job.

    Args:
        demand: Folder of demand.
        output: New folder for its output.
        series: Number of series of the demand.
        settings: Configuration in addition to the key. All other keys have their defaults.
        cores: Number of cores, and so of workers; None for all cores.
    """
    command = [sys.executable, "-m", "job_code", "train", "--demand", str(demand), "--output", str(output)]
    command += ["--run-id", RUN_ID, "--log-format", "json"]
    for name, value in {"key": ",".join(KEY), **(settings or {})}.items():
        command += ["--set", f"{name}={value}"]
    finished = measure(command, folder=output, cores=cores)
    if finished.failure:
        return _run(finished)
    forecasts = forecasts_of_job(output)
    manifest = json.loads((forecasts / MANIFEST).read_bytes())
    return _run(finished, learned_rows=manifest["sample"]["rows"], **_counted(forecasts, series))


def with_limit(run: Run, demand: Path, output: Path, *, cores: int | None = None) -> Run:
    """Measure the lower bound of a run while its demand and models exist.

    The dense model forecasts smooth series, the intermittent model forecasts the other selling series, and the residual
    scale model predicts for both. No model predicts discontinued series.

    Args:
        run: The run. A failed run is returned unchanged.
        demand: Folder of its demand.
        output: Folder of its output.
        cores: Number of cores that the run could use; None for all.
    """
    if run.failure:
        return run
    manifest = json.loads((forecasts_of_job(output) / MANIFEST).read_bytes())
    counts, horizon = manifest["data_quality"]["series"], manifest["horizon"]
    selling = manifest["series"] - counts["discontinued"]
    smooth = counts[DEMAND_CLASSES[0]]
    forecasts = {
        DemandSegment.DENSE.label: smooth * horizon,
        DemandSegment.INTERMITTENT.label: (selling - smooth) * horizon,
        RESIDUAL_SCALE: selling * horizon,
    }
    models = output / RunKeys(partition=WHOLE, run_id=RUN_ID).models
    limit = measure_limit(demand, [*KEY, "ds", "y"], models, forecasts, cores=cores or available_cores())
    return run.model_copy(update={"limit": limit})


def run_plain(demand: Path, output: Path, *, series: int, variant: str, timeout: float) -> Run:
    """Run plain MLForecast.

    Args:
        demand: Folder of demand.
        output: New folder for its output.
        series: Number of series of the demand.
        variant: Variant of plain MLForecast.
        timeout: Seconds after which to end the program.
    """
    command = [sys.executable, "-m", "benchmarks.plain_mlforecast", "--variant", variant]
    command += ["--demand", str(demand), "--output", str(output)]
    finished = measure(command, folder=output, timeout=timeout)
    return _run(finished) if finished.failure else _run(finished, **_counted(output, series))


def forecasts_of_job(output: Path) -> Path:
    """Return the folder of the job's forecasts in its output folder."""
    return output / RunKeys(partition=WHOLE, run_id=RUN_ID).forecasts


def _counted(forecasts: Path, series: int) -> dict[str, Any]:
    rows = pl.scan_parquet(forecasts / "*.parquet").select(pl.len()).collect().item()
    expected = series * ForecastConfig().horizon
    failure = None if rows == expected else f"{rows:,} rows of forecasts instead of {expected:,}"
    return {"failure": failure, "series": series, "output": folder_size(forecasts)}


def _run(finished: Finished, **found: Any) -> Run:  # noqa: ANN401 (fields of Run)
    measured = {
        "failure": finished.failure,
        "seconds": round(finished.seconds, 2),
        "cpu_seconds": round(finished.cpu_seconds, 2),
        "other_cpu_seconds": round(finished.other_cpu_seconds, 2),
        "stages": finished.stages,
        "peak_memory": finished.peak_memory,
        "peak_stage": finished.peak_stage,
        "peak_disk": finished.peak_disk,
        "commit": commit(),
        "at": now(),
    }
    return Run.model_validate(measured | found)
