import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from contract.gate import GateLimits
from contract.model_format import MODEL_FORMAT
from infra.settings.loader import load_settings
from job_code.config import ForecastConfig
from tests.infra.conftest import (
    ENVIRONMENTS,
    PARTITIONS,
    Templates,
    listed,
    readable,
    resources,
)
from tests.synthesis import ROOT

LOADED = """
import importlib, json, os, sys
importlib.import_module(sys.argv[1])
files = [getattr(module, "__file__", None) or "" for module in sys.modules.values()]
print(json.dumps([os.path.relpath(file) for file in files if file.startswith(os.getcwd() + os.sep)]))
"""


def forecast(template: Templates, environment: str, kind: str) -> dict[str, dict[str, Any]]:
    return resources(template(environment, "forecast"), kind)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_names_and_variables_of_the_functions(template: Templates, environment: str) -> None:
    functions = forecast(template, environment, "AWS::Lambda::Function")
    settings = load_settings(environment, ROOT / "environments")
    fleet = settings.fleet
    assert {name: function["FunctionName"] for name, function in functions.items()} == {
        "PlanFunction": f"onejob-{environment}-plan",
        "CheckRunFunction": f"onejob-{environment}-check-run",
        "QualityGateFunction": f"onejob-{environment}-quality-gate",
        "PublishFunction": f"onejob-{environment}-publish",
        "ExplainFailureFunction": f"onejob-{environment}-explain-failure",
        "ClaimFunction": f"onejob-{environment}-claim",
        "CloseRunFunction": f"onejob-{environment}-close-run",
        "FailExecutionFunction": f"onejob-{environment}-fail-execution",
        "CheckDeadlineFunction": f"onejob-{environment}-check-deadline",
        "PreflightFunction": f"onejob-{environment}-preflight",
        "RunsWidgetFunction": f"onejob-{environment}-runs-widget",
        **({"PlanFleetFunction": f"onejob-{environment}-plan-fleet"} if fleet else {}),
    }
    for function in functions.values():
        assert function["TracingConfig"] == {"Mode": "Active"}
        assert "LogGroup" in function["LoggingConfig"]
        assert function["LoggingConfig"]["LogFormat"] == "JSON"
    variables = {
        name: readable(function.get("Environment", {}).get("Variables", {})) for name, function in functions.items()
    }
    limits = json.loads(variables["QualityGateFunction"].pop("LIMITS"))
    assert limits == settings.gate.model_dump(exclude_none=True) == asdict(GateLimits(**limits))
    lease = int(variables["ClaimFunction"].pop("LEASE_SECONDS"))
    (machine,) = forecast(template, environment, "AWS::StepFunctions::StateMachine").values()
    assert f'"TimeoutSeconds":{lease}' in json.dumps(machine["DefinitionString"]).replace("\\", "")
    base_config = json.loads(variables["PlanFunction"].pop("BASE_CONFIG"))
    assert ForecastConfig.from_mapping(base_config, source="the function") == settings.forecast
    instances = json.loads(variables["PreflightFunction"].pop("INSTANCES"))
    assert [instance["instance_type"] for instance in instances if not instance["spot"]] == list(
        settings.training_job.instance_types
    )
    assert any(instance["spot"] for instance in instances) is settings.training_job.spot
    images = {str(variables[name].pop("IMAGE")) for name in ("PreflightFunction", "PlanFunction")}
    assert all(".dkr.ecr.eu-central-1." in image for image in images)
    assert len(images) == 1
    defaults = [json.loads(variables["PlanFunction"].pop(name)) for name in ("FLEET", "PARTITIONED")]
    assert defaults == [{"enabled": fleet.enabled, "instances": fleet.fixed} if fleet else None, False]
    priced = ("CheckRun", "CloseRun", *(["PlanFleet"] if fleet else []))
    prices = [json.loads(variables[f"{name}Function"].pop("HOURLY_PRICES")) for name in priced]
    assert prices == [settings.training_job.hourly_prices] * len(priced)
    assert prices[0].keys() == {*settings.training_job.instance_types, *(fleet.instance_types if fleet else ())}
    if fleet:
        assert variables.pop("PlanFleetFunction") == {
            "DEPLOYMENT": f"onejob-{environment}",
            "FORECAST_BUCKET": "<ForecastsBucket>",
            "TABLE": "<RunRegistryTable>",
            "INSTANCE_TYPES": json.dumps(fleet.instance_types),
            "DEADLINE_MINUTES": str(fleet.deadline_minutes),
            "VOLUME_GB": str(fleet.volume_gb),
        }
    assert {each.pop("DEPLOYMENT") for each in variables.values()} == {f"onejob-{environment}"}
    assert variables == {
        "PlanFunction": {
            "DATA_BUCKET": "<DemandBucket>",
            "FORECAST_BUCKET": "<ForecastsBucket>",
            "JOB_NAME_PREFIX": f"onejob-{environment}",
            "MODEL_FORMAT": json.dumps(MODEL_FORMAT),
            "TIME_ZONE": "Europe/Berlin",
            "PERIOD_LABEL": "start",
        },
        "PreflightFunction": {
            "DATA_BUCKET": "<DemandBucket>",
            "FORECAST_BUCKET": "<ForecastsBucket>",
            "KEY": "<EncryptionKey.Arn>",
            "TABLE": "<RunRegistryTable>",
            "FLEET_TYPES": json.dumps(fleet.instance_types if fleet else []),
            "VOLUME_GB": str(settings.training_job.volume_gb),
            "MAX_RUNTIME_MINUTES": str(settings.training_job.max_runtime_minutes),
            "TIME_ZONE": "Europe/Berlin",
            "PERIOD_LABEL": "start",
        },
        "RunsWidgetFunction": {"TABLE": "<RunRegistryTable>"},
        "CheckRunFunction": {"FORECAST_BUCKET": "<ForecastsBucket>"},
        "QualityGateFunction": {"FORECAST_BUCKET": "<ForecastsBucket>"},
        "PublishFunction": {
            "FORECAST_BUCKET": "<ForecastsBucket>",
            "TABLE": "<RunRegistryTable>",
            "DATABASE": f"onejob_{environment}",
        },
        "ClaimFunction": {"TABLE": "<RunRegistryTable>"},
        "FailExecutionFunction": {},
        "CheckDeadlineFunction": {
            "TABLE": "<RunRegistryTable>",
            "TOPIC": "<OutcomesTopic>",
            "FREQUENCY": "W-MON",
            "PERIOD_LABEL": "start",
            "TIME_ZONE": "Europe/Berlin",
            "DEMAND_TIME_ZONE": "",
            "DAY_BEGINS_AT": "0",
        },
        "CloseRunFunction": {
            "FORECAST_BUCKET": "<ForecastsBucket>",
            "TABLE": "<RunRegistryTable>",
        },
        "ExplainFailureFunction": {},
    }


def test_assets_have_exactly_the_modules_that_functions_load(synthesized: dict[str, Any], template: Templates) -> None:
    folder: Path = synthesized[PARTITIONS].folder
    functions = forecast(template, PARTITIONS, "AWS::Lambda::Function")
    for function in functions.values():
        asset = folder / f"asset.{function['Code']['S3Key'].removesuffix('.zip')}"
        module = function["Handler"].removesuffix(".handler")
        # Only the asset's folder is on the path, as in Lambda.
        loaded = subprocess.run(
            [sys.executable, "-c", LOADED, module], cwd=asset, capture_output=True, text=True, check=True
        )
        files = {str(path.relative_to(asset)) for path in asset.rglob("*") if path.is_file()}
        assert set(json.loads(loaded.stdout)) == {name for name in files if "__pycache__" not in name}, module
        assert f"{module.replace('.', '/')}.py" in files
    assert len(functions) == 14


def test_the_handlers_exist(template: Templates) -> None:
    handlers = {function["Handler"] for function in forecast(template, "prod", "AWS::Lambda::Function").values()}
    assert all((ROOT / f"{handler.removesuffix('.handler').replace('.', '/')}.py").exists() for handler in handlers)


def test_every_log_group_has_encryption_and_retention(template: Templates) -> None:
    groups = forecast(template, "prod", "AWS::Logs::LogGroup")
    assert len(groups) == 14
    for group in groups.values():
        assert group["RetentionInDays"] == 365
        assert readable(group["KmsKeyId"]) == "<EncryptionKey.Arn>"


@pytest.mark.parametrize(("environment", "state"), [("dev", "DISABLED"), ("staging", "DISABLED"), ("prod", "ENABLED")])
def test_the_schedule(template: Templates, environment: str, state: str) -> None:
    schedule = readable(forecast(template, environment, "AWS::Scheduler::Schedule")["Schedule"])
    assert schedule["State"] == state
    assert schedule["ScheduleExpression"] == "cron(0 6 ? * MON *)"
    assert schedule["ScheduleExpressionTimezone"] == "Europe/Berlin"
    assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
    target = schedule["Target"]
    assert json.loads(target["Input"]) == {"scheduled_time": "<aws.scheduler.scheduled-time>"}
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 5}
    assert target["DeadLetterConfig"] == {"Arn": "<ScheduleMissedStarts.Arn>"}
    assert target["Arn"] == "<WorkflowStateMachine>"


@pytest.mark.parametrize(("environment", "state"), [("dev", "DISABLED"), ("staging", "DISABLED"), ("prod", "ENABLED")])
def test_the_deadline_check_is_enabled_with_the_schedule(template: Templates, environment: str, state: str) -> None:
    schedule = readable(forecast(template, environment, "AWS::Scheduler::Schedule")["DeadlineSchedule"])
    assert schedule["State"] == state
    assert schedule["ScheduleExpression"] == "cron(0 9 ? * MON *)"
    assert schedule["ScheduleExpressionTimezone"] == "Europe/Berlin"
    assert schedule["Target"]["Arn"] == "<CheckDeadlineFunction.Arn>"
    assert json.loads(schedule["Target"]["Input"]) == {"scheduled_time": "<aws.scheduler.scheduled-time>"}


@pytest.mark.parametrize(
    ("queue_id", "queue_name", "alarm_name"),
    [
        ("ScheduleMissedStarts", "onejob-prod-missed-starts", "onejob-prod-missed-start"),
        ("Undelivered", "onejob-prod-undelivered", "onejob-prod-undelivered"),
    ],
)
def test_dead_letter_queues_are_encrypted_and_have_an_alarm(
    template: Templates, queue_id: str, queue_name: str, alarm_name: str
) -> None:
    queue = readable(forecast(template, "prod", "AWS::SQS::Queue")[queue_id])
    assert queue["QueueName"] == queue_name
    assert queue["KmsMasterKeyId"] == "<MessagesKey.Arn>"
    assert queue["MessageRetentionPeriod"] == 14 * 24 * 3600
    policy = forecast(template, "prod", "AWS::SQS::QueuePolicy")[f"{queue_id}Policy"]["PolicyDocument"]
    denied = [s["Condition"] for s in policy["Statement"] if s["Effect"] == "Deny"]
    assert denied == [{"Bool": {"aws:SecureTransport": "false"}}]
    alarm = readable(forecast(template, "prod", "AWS::CloudWatch::Alarm")[f"{queue_id}Alarm"])
    assert alarm["AlarmName"] == alarm_name
    assert alarm["AlarmActions"] == ["<OutcomesTopic>"]
    assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": f"<{queue_id}.QueueName>"}]
    assert (alarm["Threshold"], alarm["TreatMissingData"]) == (1, "notBreaching")


def test_asynchronous_calls_have_a_dead_letter_queue(template: Templates) -> None:
    """The sender keeps events that it cannot deliver, and Lambda keeps events for which a function failed."""
    queue = {"Arn": "<Undelivered.Arn>"}
    functions = forecast(template, "prod", "AWS::Lambda::Function")
    failing = {name: readable(function.get("DeadLetterConfig")) for name, function in functions.items()}
    assert {name for name, config in failing.items() if config} == {"CloseRunFunction", "CheckDeadlineFunction"}
    assert failing["CloseRunFunction"] == failing["CheckDeadlineFunction"] == {"TargetArn": "<Undelivered.Arn>"}
    for rule in forecast(template, "prod", "AWS::Events::Rule").values():
        assert [target["DeadLetterConfig"] for target in readable(rule["Targets"])] == [queue]
    deadline = readable(forecast(template, "prod", "AWS::Scheduler::Schedule")["DeadlineSchedule"])
    assert deadline["Target"]["DeadLetterConfig"] == queue
    statements = forecast(template, "prod", "AWS::SQS::QueuePolicy")["UndeliveredPolicy"]["PolicyDocument"]["Statement"]
    senders = [readable(s["Condition"]) for s in statements if s["Effect"] == "Allow"]
    assert senders == [
        {"ArnEquals": {"aws:SourceArn": f"<ExecutionStatusRules{rule}.Arn>"}} for rule in ("Ended", "Rule")
    ]


@pytest.mark.parametrize(("environment", "reserved"), [*((name, None) for name in ENVIRONMENTS), ("unusual", 5)])
def test_reserved_concurrency_of_the_functions(template: Templates, environment: str, reserved: int | None) -> None:
    """A new account has ten concurrent executions in total, so the shipped environments reserve none."""
    functions = resources(template(environment, "forecast"), "AWS::Lambda::Function").values()
    assert {function.get("ReservedConcurrentExecutions") for function in functions} == {reserved}


def test_the_topic_is_encrypted_and_allows_only_its_publishers(template: Templates) -> None:
    topic = readable(forecast(template, "prod", "AWS::SNS::Topic")["OutcomesTopic"])
    assert topic["KmsMasterKeyId"] == "<MessagesKey.Arn>"
    policy = forecast(template, "prod", "AWS::SNS::TopicPolicy")["OutcomesTopicPolicy"]["PolicyDocument"]
    allowed = [
        service for s in policy["Statement"] if s["Effect"] == "Allow" for service in listed(s["Principal"]["Service"])
    ]
    denied = [s["Condition"] for s in policy["Statement"] if s["Effect"] == "Deny"]
    assert allowed == [f"{service}.amazonaws.com" for service in ("budgets", "cloudwatch", "events")]
    assert denied == [{"Bool": {"aws:SecureTransport": "false"}}]


def test_a_rule_notifies_of_unreported_ends(template: Templates) -> None:
    rule = readable(forecast(template, "prod", "AWS::Events::Rule")["ExecutionStatusRulesRule"])
    assert rule["EventPattern"]["detail"] == {
        "stateMachineArn": ["<WorkflowStateMachine>"],
        "$or": [
            {"status": ["ABORTED", "TIMED_OUT"]},
            {"status": ["FAILED"], "error": ["States.Runtime", "States.DataLimitExceeded"]},
        ],
    }
    assert rule["Targets"][0]["Arn"] == "<OutcomesTopic>"


def test_a_rule_calls_close_run_for_every_unsuccessful_execution(template: Templates) -> None:
    rule = readable(forecast(template, "prod", "AWS::Events::Rule")["ExecutionStatusRulesEnded"])
    assert rule["EventPattern"]["detail"] == {
        "stateMachineArn": ["<WorkflowStateMachine>"],
        "status": ["ABORTED", "FAILED", "TIMED_OUT"],
    }
    assert rule["Targets"][0]["Arn"] == "<CloseRunFunction.Arn>"


def test_the_state_machine_has_logs_and_traces(template: Templates) -> None:
    machine = forecast(template, "prod", "AWS::StepFunctions::StateMachine")["WorkflowStateMachine"]
    assert machine["LoggingConfiguration"]["Level"] == "ALL"
    assert machine["LoggingConfiguration"]["IncludeExecutionData"] is True
    assert machine["TracingConfiguration"] == {"Enabled": True}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_outputs(template: Templates, environment: str) -> None:
    outputs = template(environment, "forecast")["Outputs"]
    assert {name: readable(output["Value"]) for name, output in outputs.items()} == {
        "StateMachineArn": "<WorkflowStateMachine>",
        "OutcomesTopicArn": "<OutcomesTopic>",
    }


@pytest.mark.parametrize(("environment", "protected"), [("dev", False), ("staging", False), ("prod", True)])
def test_termination_protection(synthesized: dict[str, Any], environment: str, protected: bool) -> None:
    manifest = json.loads((synthesized[environment].folder / "manifest.json").read_text())
    for stack in ("data", "forecast"):
        properties = manifest["artifacts"][f"onejob-{environment}-{stack}"]["properties"]
        assert properties.get("terminationProtection", False) is protected


@pytest.mark.parametrize(
    ("environment", "account"), [("dev", "unknown-account"), ("staging", "111122223333"), ("prod", "444455556666")]
)
def test_account_and_region(synthesized: dict[str, Any], environment: str, account: str) -> None:
    manifest = json.loads((synthesized[environment].folder / "manifest.json").read_text())
    for stack in ("data", "forecast"):
        assert manifest["artifacts"][f"onejob-{environment}-{stack}"]["environment"] == f"aws://{account}/eu-central-1"


def test_the_image_is_built_for_x86_from_the_two_packages(synthesized: dict[str, Any]) -> None:
    assets = json.loads((synthesized["dev"].folder / "onejob-dev-forecast.assets.json").read_text())
    (image,) = assets["dockerImages"].values()
    assert image["source"]["platform"] == "linux/amd64"
    context = synthesized["dev"].folder / image["source"]["directory"]
    assert (context / image["source"]["dockerFile"]).exists()
    assert {path.name for path in context.iterdir()} == {".dockerignore", "contract", "job_code"}
    modules = {path.name for path in (ROOT / "contract").iterdir() if path.name != "__pycache__"}
    assert {path.name for path in (context / "contract").iterdir()} == modules
    assert {path.suffix for path in context.rglob("*") if path.is_file()} == {"", ".css", ".j2", ".js", ".py", ".txt"}
    assert not list(context.rglob("__pycache__"))
