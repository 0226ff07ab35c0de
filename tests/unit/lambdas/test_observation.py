"""The functions' log lines, metrics and job facts."""

import json
import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from contract.metrics import Metric
from lambdas.check_run.run_metrics import put_run_metrics as typed_put_run_metrics
from lambdas.shared.job_facts import fleet_facts as typed_fleet_facts
from lambdas.shared.job_facts import job_facts
from lambdas.shared.logs import log_invocation, run_context
from lambdas.shared.metrics import COUNT, SECONDS, emit_metrics
from tests.unit.lambdas.conftest import CONTEXT

# The tests' states have only the keys that a function reads.
put_run_metrics: Any = typed_put_run_metrics
fleet_facts: Any = typed_fleet_facts

EXECUTION = "arn:aws:states:eu-central-1:1:execution:onejob-dev-forecast:a"
STATE = {
    "execution": {"id": EXECUTION},
    "plan": {"partition": "all", "job_name": "onejob-dev-1"},
    "claim": {"cutoff": "latest"},
    "job": {"name": "onejob-dev-1-0-0-00"},
    "run": {"cutoff": "2026-11-16"},
}
DESCRIBED = {
    "TrainingJobName": "onejob-dev-1-0-0-00",
    "TrainingJobArn": "arn:job",
    "ResourceConfig": {"InstanceType": "ml.m5.large"},
    "EnableManagedSpotTraining": True,
    "TrainingTimeInSeconds": 900,
    "BillableTimeInSeconds": 600,
}


def written(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_run_context_finds_the_run_of_an_event() -> None:
    assert run_context(STATE) == {
        "execution": EXECUTION,
        "partition": "all",
        "cutoff": "2026-11-16",
        "run_id": "onejob-dev-1-0-0-00",
        "job_name": "onejob-dev-1-0-0-00",
    }
    assert run_context({"data": STATE}) == run_context(STATE)
    assert run_context({"plan": STATE["plan"]}) == {"partition": "all", "job_name": "onejob-dev-1"}
    assert run_context({"detail": {"executionArn": EXECUTION}}) == {"execution": EXECUTION}
    assert run_context({"scheduled_time": "2026-11-16T05:00:00Z"}) == {}


def test_a_handler_writes_one_line_when_it_ends_or_fails(capsys: pytest.CaptureFixture[str]) -> None:
    @log_invocation
    def handler(event: dict[str, Any], _context: object) -> int:
        return 1 // int(event["by"])

    assert handler({**STATE, "by": 1}, CONTEXT) == 1
    with pytest.raises(ZeroDivisionError):
        handler({**STATE, "by": 0}, CONTEXT)
    done, failed = written(capsys)
    assert (done["level"], done["message"], done["run_id"]) == ("INFO", "done", "onejob-dev-1-0-0-00")
    assert (done["function"], done["request_id"]) == ("onejob-dev-function", "request-1")
    assert (failed["level"], failed["error"], failed["execution"]) == ("ERROR", "ZeroDivisionError", EXECUTION)


def test_metrics_have_cloudwatchs_format(capsys: pytest.CaptureFixture[str]) -> None:
    emit_metrics(
        "onejob-dev",
        {Metric.JOB_SECONDS: (1.5, SECONDS), Metric.DEMAND_ROWS: (3, COUNT)},
        about={"run_id": "r"},
        Stage="fit",
    )
    (line,) = written(capsys)
    (description,) = line["_aws"]["CloudWatchMetrics"]
    assert description == {
        "Namespace": "onejob",
        "Dimensions": [["Deployment", "Stage"]],
        "Metrics": [{"Name": "JobSeconds", "Unit": "Seconds"}, {"Name": "DemandRows", "Unit": "Count"}],
    }
    assert {name: line[name] for name in ("Deployment", "Stage", "JobSeconds", "DemandRows", "run_id")} == {
        "Deployment": "onejob-dev",
        "Stage": "fit",
        "JobSeconds": 1.5,
        "DemandRows": 3,
        "run_id": "r",
    }


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_values_that_were_not_measured_are_left_out(capsys: pytest.CaptureFixture[str], value: float | None) -> None:
    emit_metrics("onejob-dev", {Metric.WAPE: (value, COUNT)}, about={})
    emit_metrics("onejob-dev", {Metric.WAPE: (value, COUNT), Metric.DEMAND_ROWS: (3, COUNT)}, about={})
    (line,) = written(capsys)
    assert [metric["Name"] for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]] == ["DemandRows"]
    assert "Wape" not in line


def test_the_duration_and_cost_of_a_job() -> None:
    facts = job_facts(DESCRIBED, hourly_prices={"ml.m5.large": 0.12}, demand_bytes=5)
    assert facts == {
        "name": "onejob-dev-1-0-0-00",
        "arn": "arn:job",
        "instance_type": "ml.m5.large",
        "spot": True,
        "seconds": 900,
        "billable_seconds": 600,
        "cost": 0.02,
        "demand_bytes": 5,
    }
    assert job_facts(DESCRIBED, hourly_prices={"ml.m6i.large": 1}, demand_bytes=5)["cost"] is None
    never_ran = {name: DESCRIBED[name] for name in ("TrainingJobName", "TrainingJobArn", "ResourceConfig")}
    assert job_facts(never_ran, hourly_prices={"ml.m5.large": 1}, demand_bytes=None)["cost"] is None


PLANNED = {"words": "2 instances for about 9 minutes", "notes": ["the quota is 2"], "instances": 2}
FLEET = {
    "ProcessingJobName": "onejob-dev-1-0-0-00",
    "ProcessingResources": {"ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 2}},
    "CreationTime": 1_763_450_000_000,
    "ProcessingStartTime": 1_763_450_120_000,
    "ProcessingEndTime": 1_763_450_720_000,
}


@pytest.mark.parametrize("moment", [int, lambda ms: datetime.fromtimestamp(ms / 1000, UTC).isoformat()])
def test_the_duration_and_cost_of_a_fleet(moment: Callable[[int], Any]) -> None:
    description = {name: moment(value) if isinstance(value, int) else value for name, value in FLEET.items()}
    assert fleet_facts(PLANNED, description, hourly_prices={"ml.m5.large": 0.12}) == {
        "name": "onejob-dev-1-0-0-00",
        "instance_type": "ml.m5.large",
        "instances": 2,
        "seconds": 720,
        "billable_seconds": 1200,
        "cost": 0.04,
        "planned": "2 instances for about 9 minutes",
        "notes": ["the quota is 2"],
    }


@pytest.mark.parametrize("gone", ["CreationTime", "ProcessingStartTime", "ProcessingEndTime", "ProcessingResources"])
def test_missing_fields_of_a_fleet_are_none(gone: str) -> None:
    description = {name: value for name, value in FLEET.items() if name != gone}
    facts = fleet_facts(PLANNED, description, hourly_prices={"ml.m5.large": 0.12})
    known = {"CreationTime": ("billable_seconds", "cost"), "ProcessingStartTime": ("seconds",)}.get(gone, ())
    known = ("seconds",) if gone == "ProcessingResources" else known
    assert {name for name in ("seconds", "billable_seconds", "cost") if facts[name] is not None} == set(known)
    assert fleet_facts(PLANNED, FLEET, hourly_prices={"ml.m6i.large": 1})["cost"] is None


def run_of(**statistics: Any) -> dict[str, Any]:
    return {
        "series": 10,
        "rows": 120,
        "model": None,
        "metrics": {"forecast": {"wape": 0.2, "bias": -0.1}, "seasonal_naive": {"wape": 0.4}, "nominal_coverage": 0.8},
        "statistics": {"seconds": None, "data_quality": None, "compared_with": None, **statistics},
    }


def test_the_metrics_of_a_run(capsys: pytest.CaptureFixture[str]) -> None:
    facts = job_facts(DESCRIBED, hourly_prices={}, demand_bytes=5)
    run = run_of(
        seconds={"read": 1.0, "fit": 2.0},
        data_quality={
            "warnings": 2,
            "input": {"demand_rows": 700},
            "repairs": {"gaps_filled": 3},
            "series": {"smooth": 9},
        },
        compared_with={"demand_drift": -0.3, "forecast_drift": None},
    )
    put_run_metrics(run, facts, None, deployment="onejob-dev", about={"run_id": "r"})
    first, *parts = written(capsys)
    numbers = {metric["Name"]: first[metric["Name"]] for metric in first["_aws"]["CloudWatchMetrics"][0]["Metrics"]}
    assert numbers == {
        "JobSeconds": 900,
        "BillableSeconds": 600,
        "DemandBytes": 5,
        "DemandRows": 700,
        "Series": 10,
        "ForecastRows": 120,
        "Wape": 0.2,
        "BaselineWape": 0.4,
        "WapeRatio": 0.5,
        "Bias": -0.1,
        "NominalCoverage": 0.8,
        "DemandDrift": 0.3,
    }
    assert [(part["Stage"], part["StageSeconds"]) for part in parts if "Stage" in part] == [("read", 1), ("fit", 2)]
    assert [(part["Finding"], part["DataQuality"]) for part in parts if "Finding" in part] == [
        ("warnings", 2),
        ("gaps_filled", 3),
        ("smooth", 9),
    ]


def test_the_metrics_of_a_fleet_and_of_an_earlier_model(capsys: pytest.CaptureFixture[str]) -> None:
    facts = job_facts(DESCRIBED, hourly_prices={"ml.m5.large": 0.12}, demand_bytes=5)
    fleet = fleet_facts(PLANNED, FLEET, hourly_prices={"ml.m5.large": 0.12})
    run = {**run_of(), "model": {"run_id": "r-0", "age_days": 14}}
    put_run_metrics(run, facts, fleet, deployment="onejob-dev", about={})
    (line,) = written(capsys)
    names = ("FleetSeconds", "FleetInstances", "FleetCost", "ModelAgeDays", "Cost")
    assert [line[name] for name in names] == [720, 2, 0.04, 14, 0.02]


def test_an_older_manifest_gives_fewer_metrics(capsys: pytest.CaptureFixture[str]) -> None:
    put_run_metrics(run_of(), job_facts({}, hourly_prices={}, demand_bytes=None), None, deployment="d", about={})
    (line,) = written(capsys)
    assert line["Series"] == 10
    assert "JobSeconds" not in line
