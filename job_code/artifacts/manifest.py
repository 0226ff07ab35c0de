"""Compose the manifest of a run. It is the last file of a run; readers ignore a run without a manifest."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from contract.model_format import MODEL_FORMAT
from contract.s3.manifest import (
    BacktestMetrics,
    DraftManifest,
    Manifest,
    ManifestComparison,
    ManifestInput,
)
from job_code.artifacts.draft_run import Forecasts
from job_code.forecasting.forecast_files import column_types
from job_code.preparation.prepare import PreparedDemand
from job_code.run_request import RunRequest
from job_code.runtime.versions import versions
from job_code.training.trained_model import TrainedModel

MANIFEST_SCHEMA = 1


def draft_manifest(
    request: RunRequest,
    demand: PreparedDemand,
    model: TrainedModel,
    quality: Mapping[str, Any],
    fingerprint: ManifestInput,
) -> DraftManifest:
    """Compose the fields of the manifest that do not depend on the forecasts.

    Args:
        request: The request of the run.
        demand: All series of the run.
        model: The model and its training record.
        quality: Data-quality counts of the demand.
        fingerprint: Fingerprint of all input files.
    """
    config, frequency, cutoff = model.forecaster.config, demand.calendar.frequency, demand.last_period
    record = model.record
    return {
        "schema_version": MANIFEST_SCHEMA,
        "run_id": request.run_id,
        "partition": request.partition,
        "cutoff": frequency.text_of(cutoff),
        "frequency": frequency.name,
        "horizon": config.horizon,
        "first_period": frequency.text_of(cutoff + 1),
        "last_period": frequency.text_of(cutoff + config.horizon),
        "series": demand.series,
        "columns": [*config.key, "ds", "mean", *config.quantile_columns],
        "column_types": column_types(demand.key_types, frequency, config),
        "report": request.keys.report,
        "data_quality": dict(quality),
        "configuration": config.model_dump(mode="json"),
        "model": {
            "run_id": record.run_id,
            "trained_at": record.trained_at.isoformat(timespec="seconds"),
            "cutoff": record.cutoff,
            "age_days": model.age_days,
            "sha256": model.sha256,
            "model_format": MODEL_FORMAT,
        },
        "metrics": cast("BacktestMetrics", dict(record.metrics)),
        "backtest": dict(record.backtest),
        "sample": dict(record.sample),
        "versions": versions(),
        "input": fingerprint,
    }


def complete_manifest(
    draft: DraftManifest,
    forecasts: Forecasts,
    labels: Sequence[str],
    *,
    compared_with: ManifestComparison | None,
    seconds: Mapping[str, float],
    now: datetime,
) -> Manifest:
    """Add the fields that depend on the forecasts.

    Args:
        draft: The result of `draft_manifest`.
        forecasts: All forecasts.
        labels: Labels of the forecast periods, as text.
        compared_with: Comparison with the last published run; None without one.
        seconds: Duration of the stages.
        now: Time of creation, with its zone.
    """
    return {
        **draft,
        "rows": sum(file.rows for file in forecasts.files),
        "files": [file.to_dict() for file in forecasts.files],
        "total": {label: round(float(expected), 3) for label, expected in zip(labels, forecasts.total, strict=True)},
        "created_at": now.isoformat(timespec="seconds"),
        "inference": forecasts.inference.to_dict(),
        "compared_with": compared_with,
        "seconds": seconds,
    }
