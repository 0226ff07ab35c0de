import json
from typing import TYPE_CHECKING, Any

import pytest

from contract.function_errors import IncompleteRun, QualityGateFailed
from contract.gate import GateLimits
from lambdas.quality_gate.handler import JsonObjects
from lambdas.quality_gate.handler import quality_gate as typed_quality_gate
from lambdas.quality_gate.verdict import problems
from tests.unit.lambdas.conftest import FORECAST_BUCKET

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# The tests' states have only the keys that a function reads.
quality_gate: Any = typed_quality_gate

LIMITS = GateLimits(max_wape_ratio=1.0, max_bias=0.25, max_coverage_gap=0.15, min_series_share=0.8, max_change=0.5)
METRICS = {
    "forecast": {"wape": 0.3, "bias": -0.1, "coverage": 0.7},
    "seasonal_naive": {"wape": 0.4},
    "nominal_coverage": 0.8,
}
GOOD = {
    "run_id": "run-2",
    "series": 90,
    "metrics": METRICS,
    "total": {"2026-11-23": 100.0, "2026-11-30": 120.0},
}
BEFORE = {"run_id": "run-1", "series": 100, "total": {"2026-11-16": 5.0, "2026-11-23": 110.0, "2026-11-30": 110.0}}
RUN = {
    "cutoff": "2026-11-16",
    "run_id": "run-2",
    "partition": "all",
    "manifest": "forecasts/partition=all/run_id=run-2/_manifest.json",
    "report": "reports/partition=all/run_id=run-2/report.html",
}


def changed(**metrics: Any) -> dict[str, Any]:
    return {**GOOD, "metrics": {**METRICS, "forecast": {**METRICS["forecast"], **metrics}}}  # type: ignore[dict-item]


def test_a_good_run_passes() -> None:
    assert problems(GOOD, BEFORE, LIMITS) == []
    assert problems(GOOD, None, LIMITS) == []


def test_totals_of_another_calendar_are_not_compared() -> None:
    monthly = {**BEFORE, "frequency": "MS", "total": {"2026-11-23": 1000.0}}
    assert problems({**GOOD, "frequency": "W-MON"}, monthly, LIMITS) == []


def test_a_forecast_above_a_published_zero_exceeds_any_limit() -> None:
    (line,) = problems(GOOD, {**BEFORE, "total": {"2026-11-23": 0.0}}, LIMITS)
    assert line == "the total forecast is 100 from 2026-11-23 to 2026-11-23, but the published run run-1 forecasts 0"


def test_more_warnings_than_the_limit_reject_a_run() -> None:
    warned = {**GOOD, "data_quality": {"warnings": ["demand: 1 row dated 2062", "static: 3 rows without a series"]}}
    assert problems(warned, BEFORE, LIMITS) == problems(warned, BEFORE, GateLimits(max_warnings=2)) == []
    (line,) = problems(warned, BEFORE, GateLimits(max_warnings=1))
    assert line == (
        "there are 2 data-quality warnings (limit: 1): demand: 1 row dated 2062 | static: 3 rows without a series"
    )
    one = {**GOOD, "data_quality": {"warnings": ["demand: 1 row dated 2062"]}}
    assert problems(one, BEFORE, GateLimits(max_warnings=0)) == [
        "there is 1 data-quality warning (limit: 0): demand: 1 row dated 2062"
    ]


@pytest.mark.parametrize(
    ("manifest", "expected"),
    [
        (changed(wape=0.41), "the backtest WAPE is 41.0%, seasonal naive has 40.0% (limit: 1 times seasonal naive)"),
        (changed(bias=0.26), "the backtest bias is +26.0% (limit: 25% either way)"),
        (changed(bias=-0.26), "the backtest bias is -26.0% (limit: 25% either way)"),
        (
            changed(coverage=0.6),
            "60% of demand is within the prediction interval, 80% is nominal (limit: 15% difference)",
        ),
        (
            {**GOOD, "series": 79},
            "the run has 79 series, the published run run-1 has 100 (limit: at least 80% of them)",
        ),
        (
            {**GOOD, "total": {"2026-11-23": 300.0, "2026-11-30": 60.0}},
            "the total forecast changed by +64% against the published run run-1 from 2026-11-23 to 2026-11-30 "
            "(limit: 50% either way)",
        ),
    ],
)
def test_each_exceeded_threshold_has_a_line(manifest: dict[str, Any], expected: str) -> None:
    assert problems(manifest, BEFORE, LIMITS) == [expected]
    assert problems(manifest, BEFORE, GateLimits()) == []


def test_values_that_were_not_measured_exceed_nothing() -> None:
    unmeasured = changed(wape=None, bias=None, coverage=None)
    assert problems(unmeasured, {"run_id": "run-0", "series": 0, "total": {"2026-11-16": 0.0}}, LIMITS) == []
    assert problems({}, {}, LIMITS) == []


def put(s3: "S3Client", key: str, content: Any) -> None:
    s3.put_object(Bucket=FORECAST_BUCKET, Key=key, Body=json.dumps(content).encode())


def checked(s3: "S3Client", manifest: dict[str, Any]) -> Any:
    put(s3, RUN["manifest"], manifest)
    return quality_gate(RUN, limits=LIMITS, runs=JsonObjects(s3, FORECAST_BUCKET))


def test_a_run_is_compared_with_the_published_one(s3: "S3Client") -> None:
    assert checked(s3, GOOD) == {"passed": True, "compared_with": None}
    put(s3, "forecasts/partition=all/run_id=run-1/_manifest.json", BEFORE)
    put(
        s3,
        "forecasts/partition=all/_published.json",
        {"manifest": "forecasts/partition=all/run_id=run-1/_manifest.json"},
    )
    assert checked(s3, GOOD) == {"passed": True, "compared_with": "run-1"}
    with pytest.raises(QualityGateFailed, match="the run has 9 series, the published run run-1 has 100"):
        checked(s3, {**GOOD, "series": 9})


def test_a_run_older_than_the_published_one_passes_unchecked(s3: "S3Client") -> None:
    put(s3, "forecasts/partition=all/_published.json", {"cutoff": "2026-11-23"})
    assert checked(s3, changed(wape=0.9, bias=0.5))["passed"] is True


def test_a_missing_manifest_fails(s3: "S3Client") -> None:
    with pytest.raises(IncompleteRun, match="is missing or unreadable"):
        quality_gate(RUN, limits=LIMITS, runs=JsonObjects(s3, FORECAST_BUCKET))


def test_a_rejected_run_is_marked_and_the_error_has_the_publish_input(s3: "S3Client") -> None:
    with pytest.raises(QualityGateFailed) as error:
        checked(s3, changed(wape=0.9, bias=0.5))
    line = str(error.value)
    assert line.startswith("the backtest WAPE is 90.0%")
    assert "; the backtest bias is +50.0%" in line
    assert f"s3://{FORECAST_BUCKET}/reports/partition=all/run_id=run-2/report.html" in line
    assert line.endswith('start an execution with {"publish": "run-2"}')
    body = s3.get_object(Bucket=FORECAST_BUCKET, Key="reports/partition=all/run_id=run-2/gate_violations.json")[
        "Body"
    ].read()
    assert len(json.loads(body)["pending_approval"]) == 2


@pytest.mark.parametrize("pointer", [b"no JSON", b"[]", b"{}", b'{"manifest": "nowhere"}'])
def test_an_invalid_pointer_is_ignored(s3: "S3Client", pointer: bytes) -> None:
    s3.put_object(Bucket=FORECAST_BUCKET, Key="forecasts/partition=all/_published.json", Body=pointer)
    assert checked(s3, GOOD)["compared_with"] is None
