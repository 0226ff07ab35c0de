"""Score forecasts on tasks with known outcomes: `make accuracy TASKS=folder` or `python -m benchmarks.accuracy folder`.

The job runs as a user starts it, with its defaults. The benchmark sets only the horizon, the quantile levels, and a
separate cutoff for each series. It compares the job with plain MLForecast (the job's lags, windows and trees, no
covariates), seasonal naive, and published scores.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.accuracy.scores import TaskScores, score_point, score_quantiles
from benchmarks.accuracy.tasks import KEY, ForecastTask, task_names
from benchmarks.plain_mlforecast import plain_forecaster
from contract.s3.keys import EVERY_RUN
from job_code.config import ForecastConfig
from job_code.series.arrays import Floats
from job_code.series.frequency import Frequency

LEVELS = tuple(level / 10 for level in range(1, 10))
FINE = tuple(level / 40 for level in range(1, 40))  # more levels, to measure the calibration of counts
SCALE_SEASON = {"week": 1}  # periods of the naive error that scales the errors, as is usual; else the season
COLUMNS = ("mase", "wape", "sql", "wql", "coverage", "coverage_first", "coverage_last", "bias")
PUBLISHED = ("mase", "wape", "sql", "wql")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__.splitlines()[0])
    parser.add_argument("tasks", type=Path, help="folder with TASK.train.parquet and TASK.test.parquet")
    parser.add_argument("--task", action="append", metavar="TASK", help="run only this task; may be repeated")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="configuration key of the job; may be repeated"
    )
    options = parser.parse_args(arguments)
    names = options.task or task_names(options.tasks)
    if not names:
        parser.error(f"{options.tasks} has no TASK.train.parquet")
    published = options.tasks / "published.csv"
    for name in names:
        task = ForecastTask.read(options.tasks, name)
        others = _published(published, name) if published.exists() else []
        print(f"**{name}**: {task.actual.shape[0]:,} series, {task.horizon} periods ahead\n", flush=True)
        print(_table([*run(task, options.set), *others]), end="\n\n", flush=True)


def run(task: ForecastTask, settings: Sequence[str]) -> Iterator[tuple[str, TaskScores, float | None]]:
    """Forecast a task with each program; yield the program's name, its scores and its seconds."""
    frequency = task.frequency
    actual, scale = task.actual, task.seasonal_naive_mae(SCALE_SEASON.get(frequency.unit, frequency.season))
    begin = time.monotonic()
    mean, quantiles = _run_job(task, settings)
    seconds = time.monotonic() - begin
    scores = score_quantiles(actual, mean, quantiles, FINE, scale, LEVELS)
    yield "the job", scores, seconds
    begin = time.monotonic()
    plain = run_plain_mlforecast(task, frequency)
    yield "plain MLForecast", score_point(actual, plain, scale), time.monotonic() - begin
    for season in sorted({1, frequency.season, frequency.seasons.long}):
        name = f"seasonal naive of {season} {frequency.unit}{'' if season == 1 else 's'}"
        yield name, score_point(actual, task.repeated(season), scale), None


def _run_job(task: ForecastTask, settings: Sequence[str]) -> tuple[Floats, Floats]:
    pairs = [f"horizon={task.horizon}", f"quantiles={','.join(map(str, FINE))}", "cutoff_rule=series"]
    pairs += ["future_rule=keep", *settings]  # the dates of a task may be made up
    with tempfile.TemporaryDirectory() as folder:
        demand, covariates, output = (Path(folder) / name for name in ("demand.parquet", "known.parquet", "out"))
        task.train.select(KEY, "ds", "y").write_parquet(demand)
        arguments = ["--demand", str(demand), "--output", str(output)]
        if task.covariates is not None:
            task.covariates.write_parquet(covariates)
            arguments += ["--covariates", str(covariates)]
        if task.static is not None:
            arguments += ["--static", str(task.static)]
        arguments += [part for pair in pairs for part in ("--set", pair)]
        job = [sys.executable, "-m", "job_code", "train", *arguments]
        subprocess.run(job, check=True, stdout=subprocess.DEVNULL)  # nosec B603 # our program
        files = sorted(output.glob(f"{EVERY_RUN.forecasts}*.parquet"))
        rows = pl.concat(pl.read_parquet(file) for file in files).with_columns(
            pl.col("ds").cast(task.test.schema["ds"])
        )
    both = task.test.select(KEY, "ds").join(rows, on=[KEY, "ds"], how="left", maintain_order="left")
    columns = ForecastConfig(quantiles=FINE).quantile_columns
    shape = (-1, task.horizon)
    return both["mean"].to_numpy().reshape(shape), both.select(columns).to_numpy().reshape(*shape, len(FINE))


def run_plain_mlforecast(task: ForecastTask, frequency: Frequency) -> Floats:
    """Forecast recursively with the job's features, without covariates.

    MLForecast cannot handle series without any value. Their forecast is 0.

    Returns:
        Shape (series, horizon).
    """
    keys = task.test.select(pl.col(KEY).unique(maintain_order=True)).with_row_index("_number")
    demand = task.numbered.join(keys, on=KEY).select(
        unique_id="_number", ds=pl.col("ds"), y=pl.col("y").cast(pl.Float32)
    )
    # A recursion cannot step over gaps, so fill them with the previous value.
    full = demand.group_by("unique_id").agg(ds=pl.int_range(pl.col("ds").min(), pl.col("ds").max() + 1, dtype=pl.Int32))
    demand = (
        full.explode("ds")
        .join(demand, on=["unique_id", "ds"], how="left")
        .sort("unique_id", "ds")
        .with_columns(pl.col("y").forward_fill().over("unique_id"))
        .drop_nulls("y")
    )
    forecaster = plain_forecaster("change", ForecastConfig(), frequency)
    forecaster.fit(demand, static_features=[], dropna=False, as_numpy=True, validate_data=False)
    forecasts = forecaster.predict(task.horizon).sort("unique_id", "ds")
    values = task.repeated(1)
    forecast = forecasts["unique_id"].unique(maintain_order=True).to_numpy()
    values[forecast] = forecasts["mean"].cast(pl.Float64).to_numpy().reshape(-1, task.horizon)
    return np.maximum(values, 0.0)


def _published(file: Path, task: str) -> list[tuple[str, TaskScores, float | None]]:
    rows = pl.read_csv(file).filter(pl.col("task") == task)
    return [
        (f"published: {row['model']}", TaskScores(**{name: row.get(name.upper()) for name in PUBLISHED}), None)
        for row in rows.iter_rows(named=True)
    ]


def _table(rows: Sequence[tuple[str, TaskScores, float | None]]) -> str:
    head = ["forecast by", "MASE", "WAPE", "SQL", "WQL", "80 % coverage", "first step", "last step", "bias", "seconds"]
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join("---" for _ in head) + " |"]
    for name, scores, seconds in rows:
        cells = [_cell(getattr(scores, column, None)) for column in COLUMNS]
        lines.append("| " + " | ".join([name, *cells, "" if seconds is None else f"{seconds:.0f}"]) + " |")
    shares = rows[0][1].calibration
    if shares:
        percentages = ", ".join(f"{share:.1%}" for share in shares)
        lines += ["", f"Share of actuals in each tenth of the job's distribution: {percentages}"]
    return "\n".join(lines)


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}" if abs(value) < 1000 else f"{value:.1e}"
