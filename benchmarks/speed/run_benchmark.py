"""Compare the job with plain MLForecast, and with the job trained on all rows, on the same held-out weeks."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from benchmarks.plain_mlforecast import KEY
from benchmarks.speed.demand_sets import BenchmarkWorkspace, HeldOut, describe, hold_out
from benchmarks.speed.programs import forecasts_of_job, run_job, run_plain, with_limit
from benchmarks.speed.results import JOB, JOB_ON_EVERYTHING, PLAIN, Comparison, ResultsFile, Run
from benchmarks.speed.scores import score, seasonal_naive
from job_code.config import ForecastConfig


@dataclass(frozen=True)
class ComparisonSpec:
    """The programs to compare at one size.

    Attributes:
        series: Number of series to generate.
        variants: Variants of plain MLForecast, one run each.
        is_full_population: Whether to also train the job on all rows.
        timeout: Time limit of plain MLForecast in seconds.
    """

    series: int
    variants: Sequence[str]
    is_full_population: bool
    timeout: float

    @property
    def programs(self) -> list[str]:
        """Names of the programs, in order."""
        plain = [f"{PLAIN}{variant}" for variant in self.variants]
        return [JOB, *plain, *([JOB_ON_EVERYTHING] if self.is_full_population else [])]


def compare(spec: ComparisonSpec, workspace: BenchmarkWorkspace, file: ResultsFile) -> None:
    """Run the programs that are missing in the results file sequentially, and add each run to the file."""
    config = ForecastConfig()
    before = file.results.comparisons.get(spec.series)
    missing = [name for name in spec.programs if before is None or name not in before.runs]
    if not missing:
        return
    weeks = file.results.weeks
    with workspace.demand(spec.series, weeks + config.horizon) as demand, workspace.scratch() as scratch:
        held_out = hold_out(demand, config.horizon, scratch / "past")
        naive = score(seasonal_naive(held_out.past, held_out.cells), held_out.rows)
        for name in missing:
            workspace.progress.log(f"run {name} on {spec.series:,} series, {config.horizon} weeks held out")
            with workspace.scratch() as output:
                run = _run(name, spec, held_out, output / "out", weeks)
            comparison = file.results.comparisons.get(spec.series)
            runs = comparison.runs if comparison else {}
            description = Comparison(demand=describe(held_out.past), naive=naive, runs={**runs, name: run})
            file.add_comparison(spec.series, description)
            workspace.progress.log(run.summary)


def _run(name: str, spec: ComparisonSpec, held_out: HeldOut, output: Path, weeks: int) -> Run:
    if name.startswith(PLAIN):
        variant = name.removeprefix(PLAIN)
        run = run_plain(held_out.past, output, series=held_out.series, variant=variant, timeout=spec.timeout)
        return _scored(run, output, held_out)
    # More rows than the series can have, even after gaps are filled.
    settings = {"sample_rows": str(max(10_000, spec.series * weeks))} if name == JOB_ON_EVERYTHING else {}
    run = run_job(held_out.past, output, series=held_out.series, settings=settings)
    return _scored(with_limit(run, held_out.past, output), forecasts_of_job(output), held_out)


def _scored(run: Run, folder: Path, held_out: HeldOut) -> Run:
    if run.failure:
        return run
    forecasts = pl.read_parquet(folder / "*.parquet").with_columns(pl.col("ds").cast(pl.Date)).sort(*KEY, "ds")
    if not forecasts.select(*KEY, "ds").equals(held_out.cells):
        return run.model_copy(update={"failure": "the forecasts do not have exactly one row per series and week"})
    config = ForecastConfig()
    levels = config.quantiles if set(config.quantile_columns) <= set(forecasts.columns) else ()
    return run.model_copy(update={"scores": score(forecasts, held_out.rows, levels)})
