import json
from typing import TYPE_CHECKING, Any

import pytest

from contract.function_errors import IncompleteRun, QualityGateFailed
from contract.gate import GateLimits
from lambdas.quality_gate.handler import JsonObjects
from lambdas.quality_gate.handler import quality_gate as typed_apply_gate
from lambdas.quality_gate.verdict import problems
from tests.unit.lambdas.conftest import FORECAST_BUCKET

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Tests give the keys that a function reads, and no whole state.
quality_gate: Any = typed_apply_gate

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


def test_demand_where_none_was_expected_is_beyond_any_limit() -> None:
    (said,) = problems(GOOD, {**BEFORE, "total": {"2026-11-23": 0.0}}, LIMITS)
    assert said == "it expects 100 from 2026-11-23 to 2026-11-23, where the published run run-1 expects nothing"


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        (changed(wape=0.41), "its WAPE in the backtest is 41.0%, that of seasonal naive 40.0% (at most 1 times that)"),
        (changed(bias=0.26), "its bias in the backtest is +26.0% (at most 25% either way)"),
        (changed(bias=-0.26), "its bias in the backtest is -26.0% (at most 25% either way)"),
        (
            changed(coverage=0.6),
            "60% of demand fell within the outer quantiles, where 80% should (at most 15% apart)",
        ),
        ({**GOOD, "series": 79}, "it has 79 series, the published run run-1 100 (at least 80% of them)"),
        (
            {**GOOD, "total": {"2026-11-23": 300.0, "2026-11-30": 60.0}},
            "it expects +64% against the published run run-1 from 2026-11-23 to 2026-11-30 (at most 50% either way)",
        ),
    ],
)
def test_what_is_beyond_its_limit_is_said(manifest: dict[str, Any], said: str) -> None:
    assert problems(manifest, BEFORE, LIMITS) == [said]
    assert problems(manifest, BEFORE, GateLimits()) == []


def test_what_was_not_measured_holds_nothing() -> None:
    unmeasured = changed(wape=None, bias=None, coverage=None)
    assert problems(unmeasured, {"run_id": "run-0", "series": 0, "total": {"2026-11-16": 0.0}}, LIMITS) == []
    assert problems({}, {}, LIMITS) == []


def put(s3: "S3Client", key: str, content: Any) -> None:
    s3.put_object(Bucket=FORECAST_BUCKET, Key=key, Body=json.dumps(content).encode())


def judged(s3: "S3Client", manifest: dict[str, Any]) -> Any:
    put(s3, RUN["manifest"], manifest)
    return quality_gate(RUN, limits=LIMITS, runs=JsonObjects(s3, FORECAST_BUCKET))


def test_a_run_is_compared_with_the_published_one(s3: "S3Client") -> None:
    assert judged(s3, GOOD) == {"passed": True, "compared_with": None}
    put(s3, "forecasts/partition=all/run_id=run-1/_manifest.json", BEFORE)
    put(
        s3,
        "forecasts/partition=all/_published.json",
        {"manifest": "forecasts/partition=all/run_id=run-1/_manifest.json"},
    )
    assert judged(s3, GOOD) == {"passed": True, "compared_with": "run-1"}
    with pytest.raises(QualityGateFailed, match="it has 9 series, the published run run-1 100"):
        judged(s3, {**GOOD, "series": 9})


def test_a_run_from_before_the_published_cutoff_is_kept_and_not_judged(s3: "S3Client") -> None:
    put(s3, "forecasts/partition=all/_published.json", {"cutoff": "2026-11-23"})
    assert judged(s3, changed(wape=0.9, bias=0.5))["passed"] is True


def test_without_a_manifest_there_is_nothing_to_judge(s3: "S3Client") -> None:
    with pytest.raises(IncompleteRun, match="cannot be read any more"):
        quality_gate(RUN, limits=LIMITS, runs=JsonObjects(s3, FORECAST_BUCKET))


def test_a_held_run_is_marked_and_says_how_to_publish_it(s3: "S3Client") -> None:
    with pytest.raises(QualityGateFailed) as error:
        judged(s3, changed(wape=0.9, bias=0.5))
    said = str(error.value)
    assert said.startswith("its WAPE in the backtest is 90.0%")
    assert "; its bias in the backtest is +50.0%" in said
    assert f"s3://{FORECAST_BUCKET}/reports/partition=all/run_id=run-2/report.html" in said
    assert said.endswith('start {"publish": "run-2"}')
    body = s3.get_object(Bucket=FORECAST_BUCKET, Key="reports/partition=all/run_id=run-2/gate_violations.json")[
        "Body"
    ].read()
    assert len(json.loads(body)["pending_approval"]) == 2


@pytest.mark.parametrize("pointer", [b"no JSON", b"[]", b"{}", b'{"manifest": "nowhere"}'])
def test_a_pointer_that_leads_nowhere_compares_with_nothing(s3: "S3Client", pointer: bytes) -> None:
    s3.put_object(Bucket=FORECAST_BUCKET, Key="forecasts/partition=all/_published.json", Body=pointer)
    assert judged(s3, GOOD)["compared_with"] is None
