"""Metrics of one run, which operators compare from week to week."""

from collections.abc import Mapping

from contract.metrics import FINDING, STAGE, Metric
from contract.state.run_record import CheckedRun, DataQuality, FleetFacts, JobFacts, Metrics, Scores, Statistics
from lambdas.shared.metrics import COUNT, RATIO, SECONDS, emit_metrics

# By their names in the manifest.
DRIFT = {Metric.DEMAND_DRIFT: "demand_drift", Metric.FORECAST_DRIFT: "forecast_drift"}


def put_run_metrics(
    run: CheckedRun,
    job: JobFacts,
    fleet: FleetFacts | None,
    *,
    deployment: str,
    about: Mapping[str, str],
) -> None:
    """Write the metrics of a new run.

    Args:
        run: The checked run.
        job: Facts of its job.
        fleet: Facts of its fleet; None if there was none.
        deployment: Name of the deployment.
        about: Fields that identify the run in the log.
    """
    statistics = run["statistics"]
    quality: DataQuality = statistics["data_quality"] or {}
    counted = {
        Metric.JOB_SECONDS: (job["seconds"], SECONDS),
        Metric.BILLABLE_SECONDS: (job["billable_seconds"], SECONDS),
        Metric.COST: (job["cost"], RATIO),
        Metric.DEMAND_BYTES: (job["demand_bytes"], "Bytes"),
        Metric.DEMAND_ROWS: ((quality.get("input") or {}).get("demand_rows"), COUNT),
        Metric.SERIES: (run["series"], COUNT),
        Metric.FORECAST_ROWS: (run["rows"], COUNT),
        Metric.MODEL_AGE_DAYS: (run["model"]["age_days"] if run["model"] else None, COUNT),
    }
    if fleet is not None:
        counted |= {
            Metric.FLEET_SECONDS: (fleet["seconds"], SECONDS),
            Metric.FLEET_INSTANCES: (fleet["instances"], COUNT),
            Metric.FLEET_COST: (fleet["cost"], RATIO),
        }
    emit_metrics(deployment, {**counted, **_accuracy(run["metrics"]), **_drift(statistics)}, about=about)
    for stage, seconds in (statistics["seconds"] or {}).items():
        emit_metrics(deployment, {Metric.STAGE_SECONDS: (seconds, SECONDS)}, about=about, **{STAGE: stage})
    warnings: dict[str, float] = {"warnings": quality["warnings"]} if "warnings" in quality else {}
    for numbers in (warnings, quality.get("repairs"), quality.get("series")):
        for name, count in (numbers or {}).items():
            emit_metrics(deployment, {Metric.DATA_QUALITY: (count, COUNT)}, about=about, **{FINDING: name})


def _accuracy(metrics: Metrics) -> dict[Metric, tuple[float | None, str]]:
    forecast: Scores = metrics.get("forecast") or {}
    seasonal_naive: Scores = metrics.get("seasonal_naive") or {}
    wape, naive = forecast.get("wape"), seasonal_naive.get("wape")
    return {
        Metric.WAPE: (wape, RATIO),
        Metric.BASELINE_WAPE: (naive, RATIO),
        Metric.WAPE_RATIO: (wape / naive if wape is not None and naive else None, RATIO),
        Metric.MASE: (forecast.get("mase"), RATIO),
        Metric.WQL: (forecast.get("wql"), RATIO),
        Metric.BIAS: (forecast.get("bias"), RATIO),
        Metric.COVERAGE: (forecast.get("coverage"), RATIO),
        Metric.NOMINAL_COVERAGE: (metrics.get("nominal_coverage"), RATIO),
    }


def _drift(statistics: Statistics) -> dict[Metric, tuple[float | None, str]]:
    """Return the drift of demand from the published forecast, and of the new forecast from the published one."""
    compared = statistics["compared_with"] or {}
    return {name: (_size(compared.get(key)), RATIO) for name, key in DRIFT.items()}


def _size(change: float | None) -> float | None:
    return None if change is None else abs(change)
