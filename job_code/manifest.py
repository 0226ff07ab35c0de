"""What a run says about itself: the last file it writes, and the one that makes it a run."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from job_code.backtest import Backtest
from job_code.backtest_scores import NOT_MEASURED, scores, scores_by_segment, scores_by_step
from job_code.error_distribution import KINDS
from job_code.forecast_files import ForecastFile, column_types
from job_code.panel import Floats
from job_code.preparation import PreparedDemand
from job_code.provenance import versions
from job_code.run_request import RunRequest
from job_code.sample import Sample

MANIFEST_SCHEMA = 1


def make_manifest(
    request: RunRequest,
    demand: PreparedDemand,
    sample: Sample,
    tested: Backtest | None,
    files: list[ForecastFile],
    total: Floats,
    quality: Mapping[str, Any],
) -> dict[str, Any]:
    """Everything about a run but its inputs' fingerprint and the seconds it took.

    Args:
        request: What was to be run.
        demand: All its series.
        sample: The series it learnt from.
        tested: Its backtest; None where no series was long enough for one.
        files: The forecasts.
        total: Expected demand of all its series together, shape (horizon,).
        quality: Counts of what the demand held.
    """
    config, frequency, cutoff = request.config, demand.calendar.frequency, demand.last_period
    combinations = tested.calibration.combinations if tested else ()
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
        "rows": sum(file.rows for file in files),
        "files": [file.to_dict() for file in files],
        "total": {
            frequency.date_of(cutoff + step).isoformat(): round(float(expected), 3)
            for step, expected in enumerate(total, 1)
        },
        "columns": [*config.key, "ds", "mean", *config.quantile_columns],
        "column_types": column_types(demand.key_types, config),
        "report": request.name("reports", "report.html"),
        "data_quality": dict(quality),
        "configuration": config.model_dump(mode="json"),
        "metrics": {
            **(scores(tested) if tested else NOT_MEASURED),
            "backtest_origins": tested.origins if tested else 0,
            "backtest_periods": tested.steps if tested else 0,
            "combination": {kind: asdict(combination) for kind, combination in zip(KINDS, combinations, strict=False)},
            "nominal_coverage": config.quantiles[-1] - config.quantiles[0],
        },
        # Apart from the metrics, which travel with the run through every state: these may be long.
        "backtest": {
            "by_step": scores_by_step(tested) if tested else [],
            "by_segment": scores_by_segment(tested, sample, demand.encoding) if tested else [],
        },
        "sample": {
            "rows": sample.rows,
            "series": sample.sampled,
            "of_series": sample.series,
            "model_wape": tested.halved[0] if tested and tested.halved else None,
            "model_wape_with_half": tested.halved[1] if tested and tested.halved else None,
        },
        "versions": versions(),
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
