"""What a run says about itself: the last file it writes, and the one that makes it a run."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from job_code.backtest import Backtest
from job_code.error_distribution import KINDS
from job_code.forecast_files import ForecastFile
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
    quality: Mapping[str, Any],
) -> dict[str, Any]:
    """Everything about a run but its inputs' fingerprint and the seconds it took.

    Args:
        request: What was to be run.
        demand: All its series.
        sample: The series it learnt from.
        tested: Its backtest; None where no series was long enough for one.
        files: The forecasts.
        quality: Counts of what the demand held.
    """
    config, frequency, cutoff = request.config, demand.calendar.frequency, demand.last_period
    nothing: dict[str, Any] = {"wape": None, "mase": None, "bias": None, "wql": None, "coverage": None}
    scores: dict[str, Any] = (
        dict(tested.scores) if tested else dict.fromkeys(("forecast", "model", "baseline"), nothing)
    )
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
        "columns": [*config.key, "ds", "mean", *config.quantile_columns],
        "report": request.name("reports", "report.html"),
        "data_quality": dict(quality),
        "configuration": config.model_dump(mode="json"),
        "metrics": {
            **scores,
            "backtest_periods": tested.steps if tested else 0,
            "combination": {
                kind: asdict(combination)
                for kind, combination in zip(KINDS, tested.combinations if tested else (), strict=False)
            },
            "nominal_coverage": config.quantiles[-1] - config.quantiles[0],
        },
        "sample": {
            "rows": sample.rows,
            "series": sample.sampled,
            "of_series": sample.series,
            "model_wape_with_half": tested.wape_of_half if tested else None,
        },
        "versions": versions(),
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
