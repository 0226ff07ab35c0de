"""The data-quality report: what was wrong with the demand, what was repaired, what kinds of series there are."""

from collections.abc import Collection, Mapping
from typing import Any

from job_code.demand.sharding import ShardedDemand
from job_code.exogenous.covariate_files import ShuffledCovariates
from job_code.exogenous.covariate_store import MOSTLY
from job_code.preparation.prepare import PreparedDemand


def describe_input(
    read: ShardedDemand, prepared: PreparedDemand, covariates: ShuffledCovariates, *, inputs: Collection[str]
) -> dict[str, Any]:
    """Counts of what was read, repaired and found.

    Args:
        read: The demand as it was read.
        prepared: The demand as it will be forecast.
        covariates: Covariates as they were read.
        inputs: Which inputs there were.

    Returns:
        `input`, `repairs` and `series` (counts by name), `ignored_columns` (names), `covariates_unknown_ahead` (for
        each covariate, the share of the periods to forecast for which it is unknown), and `covariates_not_used`: those
        of them for which that is too much.
    """
    ignored = [f"demand: {name}" for name in read.ignored_columns]
    counts = {"demand_files": read.files, "demand_rows": read.days.rows, "series": prepared.series}
    if "static" in inputs:
        ignored += [f"static: {name}" for name in prepared.encoding.ignored]
        counts["static_columns"] = len(prepared.encoding.columns)
        counts["series_without_static_row"] = prepared.series_without_static
    if "covariates" in inputs:
        ignored += [f"covariates: {name}" for name in covariates.ignored]
    for name in prepared.covariates.dropped:
        unknown = prepared.unknown_ahead[name]
        mostly = f"unknown for {unknown:.0%} of the periods to forecast" if unknown > MOSTLY else "new to the model"
        ignored.append(f"covariates: {name} ({mostly})")
    return {
        "covariates_unknown_ahead": prepared.unknown_ahead,
        "covariates_not_used": list(prepared.covariates.dropped),
        "input": counts,
        "repairs": prepared.repairs.to_dict(),
        "series": prepared.counts,
        "ignored_columns": ignored,
    }


def failed_report(problems: tuple[str, ...]) -> dict[str, Any]:
    """The report of a run that its input stopped: every problem, in full."""
    return {"status": "input error", "problems": list(problems)}


def sound_report(description: Mapping[str, Any]) -> dict[str, Any]:
    """The report of a run whose input could be forecast."""
    return {"status": "sound", "problems": [], **description}
