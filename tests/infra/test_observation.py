"""Alarms and dashboard: every metric that they read is one that a run writes."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from contract.metrics import NAMESPACE, Metric
from lambdas.check_run.run_metrics import put_run_metrics as typed_put_run_metrics
from tests.infra.conftest import ENVIRONMENTS, Templates, readable, resources

# The tests pass only the keys that the function reads, not a whole state.
put_run_metrics: Any = typed_put_run_metrics

ROOT = Path(__file__).parents[2]


# Metrics of outcomes. The function that ends a run writes them.
OUTCOMES = {
    Metric.RUNS_PUBLISHED,
    Metric.RUNS_SUPERSEDED,
    Metric.RUNS_PENDING_APPROVAL,
    Metric.RUNS_FAILED,
    Metric.RUNS_LATE,
}
MEASURED = {
    "series": 1,
    "rows": 1,
    "model": {"age_days": 1},
    "metrics": {
        "forecast": dict.fromkeys(("wape", "mase", "wql", "bias", "coverage"), 0.1),
        "seasonal_naive": {"wape": 0.2},
        "nominal_coverage": 0.8,
    },
    "statistics": {
        "seconds": {"fit": 1.0},
        "data_quality": {"input": {"demand_rows": 1}, "repairs": {"gaps_filled": 1}},
        "compared_with": {"demand_drift": 0.1, "forecast_drift": 0.1},
    },
}
FLEET = {"seconds": 1, "instances": 2, "cost": 0.1}
JOB = {"seconds": 1, "billable_seconds": 1, "cost": 0.1, "demand_bytes": 1}


@pytest.fixture
def written(capsys: pytest.CaptureFixture[str]) -> set[str]:
    """Names of the metrics of a run with all facts, and of the outcomes."""
    put_run_metrics(MEASURED, JOB, FLEET, deployment="onejob-prod", about={})
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    directives = [directive for line in lines for directive in line["_aws"]["CloudWatchMetrics"]]
    return {metric["Name"] for each in directives for metric in each["Metrics"]} | OUTCOMES


def test_a_handler_writes_each_outcome_metric() -> None:
    sources = "".join(path.read_text() for path in (ROOT / "lambdas").glob("*/handler.py"))
    assert {metric for metric in OUTCOMES if f"Metric.{metric.name}" not in sources} == set()


def alarms(template: Templates, environment: str) -> dict[str, Any]:
    found = resources(template(environment, "forecast"), "AWS::CloudWatch::Alarm").values()
    return {alarm["AlarmName"]: readable(alarm) for alarm in found}


def dashboard(template: Templates, environment: str) -> str:
    (found,) = resources(template(environment, "forecast"), "AWS::CloudWatch::Dashboard").values()
    return str(readable(found["DashboardBody"]))


def test_the_alarm_of_failed_runs_knows_no_rejected_ones(template: Templates) -> None:
    found = alarms(template, "prod")["onejob-prod-failed"]
    assert (found["MetricName"], found["Threshold"]) == ("RunsFailed", 1)
    assert "Metrics" not in found


def test_alarms_have_a_description_and_notify_the_topic(template: Templates) -> None:
    found = alarms(template, "prod")
    assert {"failed", "pending-approval", "late", "slow", "drift", "missed-start", "undelivered"} <= {
        name.removeprefix("onejob-prod-") for name in found
    }
    assert all(alarm["AlarmActions"] == ["<OutcomesTopic>"] for alarm in found.values())
    assert all(alarm["AlarmDescription"] for alarm in found.values())
    assert found["onejob-prod-slow"]["Threshold"] == 180 * 60 * 0.8
    assert "onejob-dev-drift" not in alarms(template, "dev")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_runs_write_every_metric_of_an_alarm(template: Templates, environment: str, written: set[str]) -> None:
    found = [alarm for alarm in alarms(template, environment).values() if alarm.get("Namespace") == NAMESPACE]
    assert {alarm["MetricName"] for alarm in found} <= written
    assert {json.dumps(alarm["Dimensions"]) for alarm in found} == {
        json.dumps([{"Name": "Deployment", "Value": f"onejob-{environment}"}])
    }


def test_runs_write_every_metric_on_the_dashboard(template: Templates, written: set[str]) -> None:
    body = dashboard(template, "prod")
    shown = set(re.findall(rf'"{NAMESPACE}","(\w+)","Deployment","onejob-prod"', body))
    shown |= set(re.findall(r'MetricName=\\"(\w+)\\"', body))
    assert {"Wape", "Cost", "StageSeconds", "DataQuality", "RunsPublished"} <= shown <= written


def test_the_dashboard_shows_runs_logs_and_alarms(template: Templates) -> None:
    widgets = [widget["type"] for widget in json.loads(dashboard(template, "prod"))["widgets"]]
    assert {"text", "alarm", "custom", "metric", "log"} == set(widgets)


def test_the_budget_is_in_a_stack_of_its_own(template: Templates) -> None:
    (budget,) = resources(template("prod", "budget"), "AWS::Budgets::Budget").values()
    assert budget["Budget"]["CostFilters"] == {"TagKeyValue": ["user:deployment$onejob-prod"]}
    assert budget["Budget"]["BudgetLimit"] == {"Amount": 200, "Unit": "USD"}
    (address,) = {each["Subscribers"][0]["Address"] for each in readable(budget)["NotificationsWithSubscribers"]}
    assert address.endswith(":sns:eu-central-1:444455556666:onejob-prod-outcomes")


@pytest.mark.parametrize("stack", ["data", "forecast"])
def test_every_taggable_resource_has_the_tags(template: Templates, stack: str) -> None:
    for logical_id, resource in template("prod", stack)["Resources"].items():
        tags = resource.get("Properties", {}).get("Tags")
        if tags is None:
            continue
        actual = tags if isinstance(tags, dict) else {tag["Key"]: tag["Value"] for tag in tags}
        expected = {"application": "onejob", "environment": "prod", "deployment": "onejob-prod"}
        assert expected.items() <= actual.items(), logical_id
