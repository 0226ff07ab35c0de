"""One run: demand in, forecasts out, in one process and always forward."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from job_code.alignment import align
from job_code.backtest import Backtest, backtest, non_negative
from job_code.checks import check_demand
from job_code.combination import combine
from job_code.config import ForecastConfig
from job_code.data_quality import describe_input, failed_report, sound_report
from job_code.demand import read_demand
from job_code.error_distribution import KINDS, ErrorDistribution
from job_code.errors import InputError
from job_code.findings import Findings, plural
from job_code.forecast_files import Forecast, ForecastFile, write_forecast
from job_code.model import ChangeModel, Resources
from job_code.output import Output
from job_code.panel import Panel
from job_code.progress import Progress
from job_code.provenance import input_fingerprint, versions
from job_code.report import ReportInput, render
from job_code.static_columns import StaticColumns, encode_static, read_static

MANIFEST_SCHEMA = 1


@dataclass(frozen=True)
class RunRequest:
    """What to run.

    Attributes:
        run_id: Names this run's folder.
        partition: Market or merchant group the demand belongs to; `all` where there is one.
        inputs: Path of `demand`, and of `static` where there is one.
        config: The forecast's configuration.
    """

    run_id: str
    partition: str
    inputs: Mapping[str, Path]
    config: ForecastConfig

    def name(self, kind: str, file: str) -> str:
        """Where one of the run's files goes: `kind` is `forecasts` or `reports`."""
        return _name(kind, self.partition, self.run_id, file)


def run(request: RunRequest, output: Output, *, progress: Progress, folder: Path) -> dict[str, Any]:
    """Reads, checks, fits, backtests, predicts and writes.

    Args:
        request: What to run.
        output: Where the run's files go.
        progress: Told how far it is.
        folder: Where files are made before they are put; the caller removes it.

    Returns:
        The manifest, which is also the last file written.

    Raises:
        InputError: If the input cannot be forecast; the data-quality report says why, in full.
    """
    try:
        panel, static, quality = _read(request, progress)
    except InputError as error:
        refuse(error, output, partition=request.partition, run_id=request.run_id, folder=folder)
        raise
    forecast, tested = _forecast(panel, static, request.config, progress)
    with progress.stage("write"):
        files = []
        for written in write_forecast(forecast, request.config, folder):
            output.put(folder / written.name, request.name("forecasts", written.name))
            files.append(written)
    manifest = _manifest(request, forecast, tested, files, quality) | {"seconds": progress.seconds}
    with progress.stage("report"):
        page = folder / "report.html"
        page.write_text(render(ReportInput(forecast, tested, manifest, quality)), encoding="utf-8")
        output.put(page, request.name("reports", page.name))
    _put_json(sound_report(quality), request.name("reports", "data_quality.json"), output, folder)
    _put_json(manifest, request.name("forecasts", "_manifest.json"), output, folder)
    output.finish()
    return manifest


def refuse(error: InputError, output: Output, *, partition: str, run_id: str, folder: Path) -> None:
    """Writes the data-quality report of a run that cannot be, with everything that is wrong."""
    name = _name("reports", partition, run_id, "data_quality.json")
    _put_json(failed_report(error.problems), name, output, folder)
    output.finish()


def _read(request: RunRequest, progress: Progress) -> tuple[Panel, StaticColumns | None, dict[str, Any]]:
    findings = Findings()
    config = request.config
    with progress.stage("read"):
        demand = read_demand(request.inputs["demand"], config, findings)
        described = read_static(request.inputs["static"], config, findings) if "static" in request.inputs else None
    with progress.stage("check"):
        checked = check_demand(demand, config, findings)
        panel, repairs = align(checked, config)
        static = encode_static(described, panel.keys) if described is not None else None
    quality = describe_input(demand, panel, repairs, static)
    progress.say(f"{plural(len(panel), 'series')}, {plural(demand.rows.height, 'row')}, {panel.frequency.name}")
    for name, count in quality["repairs"].items():
        if count:
            progress.say(f"  {name.replace('_', ' ')}: {count:,}")
    for column in quality["ignored_columns"]:
        progress.say(f"  not used: {column}")
    return panel, static, quality


def _forecast(
    panel: Panel, static: StaticColumns | None, config: ForecastConfig, progress: Progress
) -> tuple[Forecast, Backtest | None]:
    threads = available_cores()
    with progress.stage("backtest", config.trees) as advance:
        tested = backtest(panel, static, config, Resources(threads, advance))
    with progress.stage("fit", config.trees) as advance:
        model = ChangeModel(panel, static, config, Resources(threads, advance))
    with progress.stage("predict"):
        mean = non_negative(model.predict(config.horizon), config)
        if tested is not None:
            mean = combine(mean, panel, tested.combinations)
        errors = tested.errors if tested is not None else ErrorDistribution.assumed(config.quantiles)
        quantiles = non_negative(errors.quantiles(mean, panel), config)
    return Forecast(panel, mean, quantiles), tested


def available_cores() -> int:
    """Cores this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _manifest(
    request: RunRequest,
    forecast: Forecast,
    tested: Backtest | None,
    files: list[ForecastFile],
    quality: Mapping[str, Any],
) -> dict[str, Any]:
    panel, config = forecast.panel, request.config
    cutoff = int(panel.last_period.max())
    nothing: dict[str, Any] = {"wape": None, "mase": None, "bias": None, "wql": None, "coverage": None}
    scores: dict[str, Any] = (
        dict(tested.scores) if tested else dict.fromkeys(("forecast", "model", "baseline"), nothing)
    )
    return {
        "schema_version": MANIFEST_SCHEMA,
        "run_id": request.run_id,
        "partition": request.partition,
        "cutoff": panel.frequency.date_of(cutoff).isoformat(),
        "frequency": panel.frequency.name,
        "horizon": forecast.horizon,
        "first_period": panel.frequency.date_of(cutoff + 1).isoformat(),
        "last_period": panel.frequency.date_of(cutoff + forecast.horizon).isoformat(),
        "series": len(panel),
        "rows": sum(file.rows for file in files),
        "files": [file.to_dict() for file in files],
        "columns": [*config.key, "ds", "mean", *config.quantile_columns],
        "report": request.name("reports", "report.html"),
        "data_quality": dict(quality),
        "configuration": config.model_dump(mode="json"),
        "input": input_fingerprint(request.inputs),
        "metrics": {
            **scores,
            "backtest_periods": tested.steps if tested else 0,
            "combination": {
                kind: asdict(combination)
                for kind, combination in zip(KINDS, tested.combinations if tested else (), strict=False)
            },
            "nominal_coverage": config.quantiles[-1] - config.quantiles[0],
        },
        "versions": versions(),
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _name(kind: str, partition: str, run_id: str, file: str) -> str:
    return f"{kind}/partition={partition}/run_id={run_id}/{file}"


def _put_json(content: Mapping[str, Any], name: str, output: Output, folder: Path) -> None:
    path = folder / Path(name).name
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    output.put(path, name)
