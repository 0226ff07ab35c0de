"""The numbers of one run that operators watch over the weeks."""

from collections.abc import Mapping
from typing import Any

from lambdas.shared.metrics import COUNT, RATIO, SECONDS, put

# By the manifest's name of each.
DRIFT = {"DemandDrift": "demand_change", "ForecastDrift": "expected_change"}


def put_run_metrics(
    run: Mapping[str, Any],
    job: Mapping[str, Any],
    fleet: Mapping[str, Any] | None,
    *,
    deployment: str,
    about: Mapping[str, str],
) -> None:
    """Writes the metrics of a run that has just been made.

    Args:
        run: The checked run.
        job: What its job took.
        fleet: What its fleet took; None where there was none.
        deployment: Name of the deployment.
        about: The run, for whoever searches.
    """
    statistics = run["statistics"]
    quality = statistics["data_quality"] or {}
    counted = {
        "JobSeconds": (job["seconds"], SECONDS),
        "BillableSeconds": (job["billable_seconds"], SECONDS),
        "Cost": (job["cost"], RATIO),
        "DemandBytes": (job["demand_bytes"], "Bytes"),
        "DemandRows": ((quality.get("input") or {}).get("demand_rows"), COUNT),
        "Series": (run["series"], COUNT),
        "ForecastRows": (run["rows"], COUNT),
        "ModelAgeDays": ((run["model"] or {}).get("age_days"), COUNT),
    }
    if fleet is not None:
        counted |= {
            "FleetSeconds": (fleet["seconds"], SECONDS),
            "FleetInstances": (fleet["instances"], COUNT),
            "FleetCost": (fleet["cost"], RATIO),
        }
    put(deployment, {**counted, **_accuracy(run["metrics"]), **_drift(statistics)}, about=about)
    for stage, seconds in (statistics["seconds"] or {}).items():
        put(deployment, {"StageSeconds": (seconds, SECONDS)}, about=about, Stage=stage)
    for finding in ("repairs", "series"):
        for name, count in (quality.get(finding) or {}).items():
            put(deployment, {"DataQuality": (count, COUNT)}, about=about, Finding=name)


def _accuracy(metrics: Mapping[str, Any]) -> dict[str, tuple[float | None, str]]:
    forecast, baseline = metrics.get("forecast") or {}, metrics.get("baseline") or {}
    wape, naive = forecast.get("wape"), baseline.get("wape")
    return {
        "Wape": (wape, RATIO),
        "BaselineWape": (naive, RATIO),
        "WapeRatio": (wape / naive if wape is not None and naive else None, RATIO),
        "Mase": (forecast.get("mase"), RATIO),
        "Wql": (forecast.get("wql"), RATIO),
        "Bias": (forecast.get("bias"), RATIO),
        "Coverage": (forecast.get("coverage"), RATIO),
        "NominalCoverage": (metrics.get("nominal_coverage"), RATIO),
    }


def _drift(statistics: Mapping[str, Any]) -> dict[str, tuple[float | None, str]]:
    """How far demand since the last published run was from what it expected, and how far expectations have moved."""
    compared = statistics["compared_with"] or {}
    return {name: (_size(compared.get(key)), RATIO) for name, key in DRIFT.items()}


def _size(change: float | None) -> float | None:
    return None if change is None else abs(change)
