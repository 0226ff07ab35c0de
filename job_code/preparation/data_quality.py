"""The data-quality report: problems of the input, repairs of the demand, and counts of series."""

from collections.abc import Collection, Mapping
from typing import Any

from job_code.demand.sharding import ShardedDemand
from job_code.exogenous.covariate_store import MAX_MISSING_SHARE
from job_code.exogenous_files.shuffled_covariates import ShuffledCovariates
from job_code.preparation.prepare import PreparedDemand
from job_code.tables.validation_report import ValidationReport


def describe_input(
    read: ShardedDemand,
    prepared: PreparedDemand,
    covariates: ShuffledCovariates,
    findings: ValidationReport,
    *,
    inputs: Collection[str],
) -> dict[str, Any]:
    """Return the data-quality counts of a valid input.

    Args:
        read: Demand in shards.
        prepared: Prepared demand.
        covariates: Covariates in shards.
        findings: Warnings and notes about the input.
        inputs: Names of the inputs: `demand`, `static`, `covariates`.

    Returns:
        `warnings` and `notes`: one line per finding. `input`, `repairs` and `series`: counts by name.
        `ignored_columns`: names with the reasons.
        `covariates_missing_in_horizon`: for each covariate, the missing share of the periods to forecast.
        `covariates_not_used`: names of the covariates that the run does not use.
    """
    ignored = [f"demand: {name}" for name in read.ignored_columns]
    counts = {"demand_files": read.files, "demand_rows": read.moments.rows, "series": prepared.series}
    if "static" in inputs:
        ignored += [f"static: {name}" for name in prepared.encoding.ignored]
        counts["static_columns"] = len(prepared.encoding.columns)
        counts["series_without_static_row"] = prepared.series_without_static
    if "covariates" in inputs:
        ignored += [f"covariates: {name}" for name in covariates.ignored]
    for name in prepared.covariates.dropped:
        missing = prepared.missing_in_horizon[name]
        reason = (
            f"missing for {missing:.0%} of the periods to forecast"
            if missing > MAX_MISSING_SHARE
            else "new to the model"
        )
        ignored.append(f"covariates: {name} ({reason})")
    return {
        "warnings": findings.messages("warning"),
        "notes": findings.messages("note"),
        "covariates_missing_in_horizon": prepared.missing_in_horizon,
        "covariates_not_used": list(prepared.covariates.dropped),
        "input": counts,
        "repairs": prepared.repairs.to_dict(),
        "series": prepared.counts,
        "ignored_columns": ignored,
    }


def failed_report(problems: tuple[str, ...]) -> dict[str, Any]:
    """Return the report of a run with invalid input: every problem, uncut."""
    return {"status": "input error", "problems": list(problems)}


def sound_report(description: Mapping[str, Any]) -> dict[str, Any]:
    """Return the report of a run with valid input."""
    return {"status": "sound", "problems": [], **description}
