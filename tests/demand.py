"""Demand for tests, and shortcuts to run parts of the job on it."""

import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from job_code.calibration.mean_absolute_change import mean_absolute_change, prior_relative_change
from job_code.config import ForecastConfig
from job_code.demand.alignment import Repairs
from job_code.demand.demand_checks import check_calendar
from job_code.demand.demand_rows import VALUE
from job_code.demand.run_context import RunContext
from job_code.demand.sharding import ShardedDemand, shard_demand
from job_code.demand.shuffle_files import ShuffledShard, read_shard
from job_code.demand.work_sizes import WorkSizes
from job_code.entrypoints.run import run
from job_code.errors import InputError
from job_code.exogenous.covariate_store import StoredCovariates
from job_code.exogenous_files.covariate_counts import Window
from job_code.exogenous_files.shuffled_covariates import ShuffledCovariates
from job_code.exogenous_files.static_files import StaticShards, shard_static
from job_code.model.direct_model import DirectModel
from job_code.plausibility.first_periods import with_common_begin
from job_code.preparation.panel_chunks import read_chunk
from job_code.preparation.prepare import PreparedDemand, prepare
from job_code.preparation.shard_preparation import InputShards
from job_code.preparation.training_sample import Sample
from job_code.run_request import RunRequest
from job_code.runtime.output_store import LocalOutput
from job_code.runtime.process_pool import ProcessPool, Result, Task
from job_code.runtime.progress import Progress
from job_code.series.arrays import Floats
from job_code.series.frequency import Frequency
from job_code.series.panel import Panel
from job_code.tables.validation_report import ValidationReport
from job_code.times.moments import MOMENT

LAST = date(2026, 11, 16)  # a Monday
RUN = "the-run"
ONE = WorkSizes()  # one worker: this process


def series(
    values: Mapping[str, Sequence[float | None]], *, last: date | None = None, frequency: str = "W-MON"
) -> pl.DataFrame:
    """Build demand whose series all end in the same period. None stands for a missing row."""
    calendar = Frequency(frequency)
    end = calendar.period_of(last or LAST)
    rows = [
        (key, end - len(each) + 1 + at, float(value))
        for key, each in values.items()
        for at, value in enumerate(each)
        if value is not None
    ]
    frame = pl.DataFrame(rows, schema={"unique_id": pl.String, "ds": pl.Int32, "y": pl.Float64}, orient="row")
    return frame.with_columns(calendar.labels(frame["ds"].to_numpy()).alias("ds"))


def shop(count: int, periods: int, *, seed: int = 0, frequency: str = "W-MON", noise: float = 0.1) -> pl.DataFrame:
    """Build series of different scales with a season, a trend and noise."""
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
    """Write files by name (`a.parquet`, `b/c.csv`, or bytes under any name), and return the folder."""
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
    """Build a configuration with a short training."""
    return ForecastConfig.from_mapping({"n_estimators": 10, "horizon": 4, **settings}, source="configuration")


def day_of(frequency: Frequency, period: int) -> date:
    """Return the date that labels a period of days or longer."""
    label = frequency.label_of(period)
    assert isinstance(label, date)
    return label


def sharded(
    folder: Path, files: Mapping[str, pl.DataFrame | bytes], *, sizes: WorkSizes = ONE, **settings: object
) -> tuple[ShardedDemand, pl.DataFrame]:
    """Read demand into shards, and read the shards back as sorted rows: key columns, `_moment` and `_value`."""
    findings = ValidationReport()
    context = _context(folder, files, configured(**settings), sizes)
    config, demand = context.config, _shard(context, findings)
    findings.raise_if_any()
    return demand, pl.concat(
        rows_of(shard)
        for number in range(demand.shards)
        if (shard := read_shard(demand.folder, number, config.key)) is not None
    ).sort(*config.key, MOMENT)


def rows_of(shard: ShuffledShard) -> pl.DataFrame:
    """Return the rows of a shard: key columns, `_moment` and `_value`."""
    return shard.keys[shard.series].with_columns(
        pl.Series(MOMENT, shard.moment), pl.Series(VALUE, shard.value).fill_nan(None)
    )


def prepared(
    folder: Path,
    files: Mapping[str, pl.DataFrame | bytes],
    config: ForecastConfig,
    *,
    static: Mapping[str, pl.DataFrame | bytes] | None = None,
    sizes: WorkSizes = ONE,
    workers: int = 1,
) -> PreparedDemand:
    """Shard, check and align demand in a new folder."""
    findings = ValidationReport()
    context = _context(folder, files, config, sizes, workers)
    demand = _shard(context, findings)
    static_shards = StaticShards({})
    if static is not None:
        static_shards = shard_static(write(folder / "static", static), demand, context, findings)
    calendar = with_common_begin(check_calendar(demand.moments, config, findings), demand.moments, config)
    return prepare(
        InputShards(demand=demand, static=static_shards, covariates=ShuffledCovariates()),
        StoredCovariates(),
        calendar,
        context,
        findings,
        window=Window(cutoff=calendar.cutoff, last=calendar.cutoff, horizon=config.horizon),
        advance=lambda _: None,
    )


def panel_of(folder: Path, demand: pl.DataFrame, **settings: object) -> tuple[Panel, Repairs]:
    """Shard, check and align demand, and join the chunks into one panel."""
    ready = prepared(folder, {"demand.parquet": demand}, configured(**settings))
    return stacked(ready), ready.repairs


def stacked(ready: PreparedDemand) -> Panel:
    """Return all series of a run in one panel."""
    return Panel.stack([read_chunk(chunk.folder, ready.calendar.frequency).panel for chunk in ready.chunks])


def usual(panel: Panel) -> Floats:
    """Return the mean absolute change of each series, with a prior from the same series."""
    return mean_absolute_change(panel, prior_relative_change(panel, np.ones(len(panel))))


def sample_of(folder: Path, demand: pl.DataFrame, **settings: object) -> Sample:
    """Draw the training sample of a run. Small demand is drawn completely."""
    config = configured(**settings)
    return Sample.draw(prepared(folder, {"demand.parquet": demand}, config), config.sample_rows)


def problems(
    folder: Path,
    files: Mapping[str, pl.DataFrame | bytes],
    *,
    sizes: WorkSizes = ONE,
    workers: int = 1,
    **settings: object,
) -> list[str]:
    """Return all problems that reading and checking find in demand files."""
    try:
        prepared(folder, files, configured(**settings), sizes=sizes, workers=workers)
    except InputError as error:
        return list(error.problems)
    return []


def context_of(request: RunRequest, folder: Path, sizes: WorkSizes = ONE, workers: int = 1) -> RunContext:
    """Build the context of a run in this process. The folder is its scratch folder."""
    return RunContext(
        request=request,
        workers=SameProcess(workers),
        sizes=sizes,
        progress=Progress(io.StringIO()),
        scratch=folder,
        output=LocalOutput(folder / "out", request.run_id),
    )


def _context(
    folder: Path, files: Mapping[str, pl.DataFrame | bytes], config: ForecastConfig, sizes: WorkSizes, workers: int = 1
) -> RunContext:
    folder.mkdir(parents=True, exist_ok=True)
    inputs = {"demand": write(folder / "demand", files)}
    context = context_of(RunRequest(run_id=RUN, partition="all", inputs=inputs, config=config), folder, sizes, workers)
    context.make_folders()
    return context


def _shard(context: RunContext, findings: ValidationReport) -> ShardedDemand:
    return shard_demand(context.request.inputs["demand"], context, findings, advance=lambda _: None)


def predicted(model: DirectModel, sample: Sample, horizon: int) -> Floats:
    """Forecast a sample with the model alone, shape (series, horizon); 0 for discontinued series."""
    forecast = np.zeros((len(sample.panel), horizon))
    for block in model.blocks(sample.panel, sample.exogenous, sample.active, horizon):
        forecast[block.series, block.step - 1] = block.scale * block.relative
    return forecast


class SameProcess(ProcessPool):
    """A pool with any number of workers that runs all tasks in this process."""

    def map(
        self,
        function: Callable[[Task], Result],
        tasks: Sequence[Task],
        *,
        while_waiting: Callable[[], None] = lambda: None,
    ) -> Iterator[Result]:
        for task in tasks:
            while_waiting()
            yield function(task)


@dataclass(frozen=True)
class Finished:
    """The output of a finished run."""

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
    def model_folder(self) -> Path:
        return self._part("models")

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

    def _part(self, prefix: str) -> Path:
        (folder,) = self.folder.glob(f"{prefix}/partition=*/run_id=*")
        return folder


def job_request(
    folder: Path,
    demand: pl.DataFrame | Mapping[str, pl.DataFrame | bytes],
    *,
    static: Mapping[str, pl.DataFrame | bytes] | None = None,
    covariates: Mapping[str, pl.DataFrame | bytes] | None = None,
    published: Path | None = None,
    model: Path | None = None,
    **settings: object,
) -> RunRequest:
    """Write the input files of a run below a folder, and build its request; the arguments are those of `run_job`."""
    files = {"demand.parquet": demand} if isinstance(demand, pl.DataFrame) else demand
    inputs = {"demand": write(folder / "demand", files)}
    if static is not None:
        inputs["static"] = write(folder / "static", static)
    if covariates is not None:
        inputs["covariates"] = write(folder / "covariates", covariates)
    return RunRequest(
        run_id=RUN, partition="all", inputs=inputs, config=configured(**settings), published=published, model=model
    )


def run_request(request: RunRequest, folder: Path, *, sizes: WorkSizes = ONE, workers: int = 1) -> Finished:
    """Run the whole job; with one worker, in this process."""
    scratch = folder / "scratch"
    scratch.mkdir()
    output = LocalOutput(folder / "out", RUN)
    progress = Progress(io.StringIO())
    run(request, output, workers=ProcessPool(workers), progress=progress, folder=scratch, sizes=sizes)
    return Finished(folder / "out")


def run_job(
    folder: Path,
    demand: pl.DataFrame | Mapping[str, pl.DataFrame | bytes],
    *,
    static: Mapping[str, pl.DataFrame | bytes] | None = None,
    covariates: Mapping[str, pl.DataFrame | bytes] | None = None,
    published: Path | None = None,
    model: Path | None = None,
    sizes: WorkSizes = ONE,
    **settings: object,
) -> Finished:
    """Run the whole job in this process, in a new folder.

    Args:
        folder: The folder.
        demand: Demand files by name.
        static: Files of static columns by name.
        covariates: Files of covariates by name.
        published: Folder of an earlier run's forecasts.
        model: Folder of a model to forecast with; None to train a model.
        sizes: Sizes of the work.
        settings: Configuration.
    """
    request = job_request(
        folder, demand, static=static, covariates=covariates, published=published, model=model, **settings
    )
    return run_request(request, folder, sizes=sizes)
