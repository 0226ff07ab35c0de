"""What a run says about itself: the last file it writes, and the one that makes it a run."""

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
    """All that a run can say about itself before it has forecast.

    Args:
        request: What was to be run.
        demand: All its series.
        model: What it forecasts with, and what is known of that.
        quality: Counts of what the demand held.
        fingerprint: Of all that was read.
    """
    config, frequency, cutoff = model.forecaster.config, demand.calendar.frequency, demand.last_period
    record = model.record
    return {
        "schema_version": MANIFEST_SCHEMA,
        "run_id": request.run_id,
        "partition": request.partition,
        "cutoff": frequency.date_of(cutoff).isoformat(),
        "frequency": frequency.name,
        "horizon": config.horizon,
        "first_period": frequency.date_of(cutoff + 1).isoformat(),
        "last_period": frequency.date_of(cutoff + config.horizon).isoformat(),
        "series": demand.series,
        "columns": [*config.key, "ds", "mean", *config.quantile_columns],
        "column_types": column_types(demand.key_types, config),
        "report": request.keys.report,
        "data_quality": dict(quality),
        "configuration": config.model_dump(mode="json"),
        "model": {
            "run_id": record.run_id,
            "trained_at": record.trained_at.isoformat(timespec="seconds"),
            "cutoff": record.cutoff.isoformat(),
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
    days: Sequence[str],
    *,
    compared_with: ManifestComparison | None,
    seconds: Mapping[str, float],
    now: datetime,
) -> Manifest:
    """Adds what the forecasts came to.

    Args:
        draft: What `draft_manifest` gave.
        forecasts: All forecasts.
        days: The dates they are of, ISO.
        compared_with: The run beside the last published one; None where there is none to compare with.
        seconds: Duration of the stages.
        now: When the run was made, with its zone.
    """
    return {
        **draft,
        "rows": sum(file.rows for file in forecasts.files),
        "files": [file.to_dict() for file in forecasts.files],
        "total": {day: round(float(expected), 3) for day, expected in zip(days, forecasts.total, strict=True)},
        "created_at": now.isoformat(timespec="seconds"),
        "inference": forecasts.inference.to_dict(),
        "compared_with": compared_with,
        "seconds": seconds,
    }
