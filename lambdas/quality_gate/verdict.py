"""Describe where a run exceeds the quality gate's thresholds."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from contract.gate import GateLimits


def problems(manifest: Mapping[str, Any], before: Mapping[str, Any] | None, limits: GateLimits) -> list[str]:
    """Return a line for each threshold that the run exceeds. A value that was not measured exceeds none.

    Args:
        manifest: The run's manifest.
        before: Manifest of the last published run, or None.
        limits: The thresholds.
    """
    return [
        *_by_warnings(manifest.get("data_quality") or {}, limits),
        *_by_backtest(manifest.get("metrics") or {}, limits),
        *_by_last_run(manifest, before or {}, limits),
    ]


def _by_warnings(quality: Mapping[str, Any], limits: GateLimits) -> Iterator[str]:
    warnings = quality.get("warnings") or []
    if limits.max_warnings is not None and len(warnings) > limits.max_warnings:
        count = "is 1 data-quality warning" if len(warnings) == 1 else f"are {len(warnings)} data-quality warnings"
        yield f"there {count} (limit: {limits.max_warnings:g}): {' | '.join(warnings)}"


def _by_backtest(metrics: Mapping[str, Any], limits: GateLimits) -> Iterator[str]:
    forecast, baseline = metrics.get("forecast") or {}, metrics.get("seasonal_naive") or {}
    wape, naive, bias, covered, nominal = (
        _number(table, name)
        for table, name in (
            (forecast, "wape"),
            (baseline, "wape"),
            (forecast, "bias"),
            (forecast, "coverage"),
            (metrics, "nominal_coverage"),
        )
    )
    if limits.max_wape_ratio is not None and wape > limits.max_wape_ratio * naive:
        yield (
            f"the backtest WAPE is {wape:.1%}, seasonal naive has {naive:.1%} "
            f"(limit: {limits.max_wape_ratio:g} times seasonal naive)"
        )
    if limits.max_bias is not None and abs(bias) > limits.max_bias:
        yield f"the backtest bias is {bias:+.1%} (limit: {limits.max_bias:.0%} either way)"
    if limits.max_coverage_gap is not None and abs(covered - nominal) > limits.max_coverage_gap:
        yield (
            f"{covered:.0%} of demand is within the prediction interval, {nominal:.0%} is nominal "
            f"(limit: {limits.max_coverage_gap:.0%} difference)"
        )


def _by_last_run(manifest: Mapping[str, Any], before: Mapping[str, Any], limits: GateLimits) -> Iterator[str]:
    series, earlier = _number(manifest, "series"), _number(before, "series")
    if limits.min_series_share is not None and series < limits.min_series_share * earlier:
        yield (
            f"the run has {series:,.0f} series, the published run {before['run_id']} has {earlier:,.0f} "
            f"(limit: at least {limits.min_series_share:.0%} of them)"
        )
    now, then = manifest.get("total") or {}, before.get("total") or {}
    if manifest.get("frequency") != before.get("frequency"):
        return  # a week and a month cannot be compared, though both may begin on the same day
    common = sorted(now.keys() & then.keys())
    expected, published = (sum(each[period] for period in common) for each in (now, then))
    if limits.max_change is not None and published == 0 < expected:
        yield (
            f"the total forecast is {expected:,.0f} from {common[0]} to {common[-1]}, but the published run "
            f"{before['run_id']} forecasts 0"
        )
    if limits.max_change is not None and published > 0 and abs(expected / published - 1) > limits.max_change:
        yield (
            f"the total forecast changed by {expected / published - 1:+.0%} against the published run "
            f"{before['run_id']} from {common[0]} to {common[-1]} (limit: {limits.max_change:.0%} either way)"
        )


def _number(table: Mapping[str, Any], name: str) -> float:
    """Return a number; NaN if it is missing, because every comparison with NaN is false."""
    value = table.get(name)
    return float(value) if isinstance(value, int | float) else math.nan
