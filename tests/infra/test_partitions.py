"""An environment with partitions: its state machine, permissions, schedules and notifications."""

import json
import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from contract.names import PARENT
from infra.settings.loader import load_settings
from infra.settings.partitions import MAX_AT_A_TIME
from infra.workflow.partition_map import TRANSIENT_ATTEMPTS
from lambdas.plan_partitions.handler import execution_name
from tests.infra.conftest import ENVIRONMENTS, EVERY, PARTITIONS, Templates, readable, resources
from tests.infra.test_definition import filled_in, reachable, targets
from tests.infra.test_iam import (
    ENCRYPT_MESSAGES,
    EXPECTED,
    GIVE_UP,
    KEY,
    KEY_OF_TABLE,
    RUNS,
    XRAY,
    Statement,
    log,
    policies,
    prefixes,
)
from tests.infra.test_observation import alarms, dashboard
from tests.synthesis import ROOT, Assembly

Definitions = Callable[..., dict[str, Any]]

PARENTS = "PartitionsStateMachine"
DEMAND, FORECASTS = "<DemandBucket.Arn>", "<ForecastsBucket.Arn>"
STATES = "arn:aws:states:eu-central-1:444455556666"
FIND_PARTITIONS: Statement = ("s3:ListBucket", DEMAND, prefixes("demand/partition=*"))
START_THEM: Statement = ("states:StartExecution", f"<{PARENTS}>", None)
GIVE_STARTS_UP: Statement = ("sqs:SendMessage", "<ScheduleMissedStarts.Arn>", None)
# Policies that only an environment with partitions has, or that differ there.
OWN: dict[str, list[Statement]] = {
    "PlanPartitionsRoleDefaultPolicy": [
        log("PlanPartitions"),
        XRAY,
        FIND_PARTITIONS,
        (
            "s3:PutObject",
            [
                f"{FORECASTS}/partitions/execution=*/invalid_names.json",
                f"{FORECASTS}/partitions/execution=*/items.json",
            ],
            None,
        ),
        (["kms:Decrypt", "kms:GenerateDataKey"], KEY, None),
        ("servicequotas:ListServiceQuotas", "*", None),
    ],
    "SummarizePartitionsRoleDefaultPolicy": [
        log("SummarizePartitions"),
        XRAY,
        ("s3:ListBucket", FORECASTS, prefixes("partitions/*")),
        ("s3:GetObject", f"{FORECASTS}/partitions/*", None),
        ("s3:PutObject", f"{FORECASTS}/partitions/execution=*/outcomes.csv", None),
        (["kms:Decrypt", "kms:GenerateDataKey"], KEY, None),
    ],
    f"{PARENTS}RoleDefaultPolicy": [
        (
            "lambda:InvokeFunction",
            [
                f"<{name}Function.Arn>{versions}"
                for versions in ("", ":*")
                for name in ("ExplainFailure", "PlanPartitions", "SummarizePartitions")
            ],
            None,
        ),
        *EXPECTED["WorkflowStateMachineRoleDefaultPolicy"][1:3],  # the topic, logs and traces
        ("states:StartExecution", [f"{STATES}:stateMachine:onejob-prod-partitions", "<WorkflowStateMachine>"], None),
        (
            ["states:DescribeExecution", "states:StopExecution"],
            [f"{STATES}:execution:onejob-prod-{which}:*" for which in ("forecast", "partitions/*", "partitions")],
            None,
        ),
        ("states:RedriveExecution", f"{STATES}:execution:onejob-prod-partitions/*:*", None),
        (
            ["events:DescribeRule", "events:PutRule", "events:PutTargets"],
            "arn:aws:events:eu-central-1:444455556666:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule",
            None,
        ),
        ("s3:GetObject", f"{FORECASTS}/partitions/execution=*/items.json", None),
        ("s3:PutObject", f"{FORECASTS}/partitions/execution=*/outcomes/*.json", None),
        (["kms:Decrypt", "kms:GenerateDataKey"], KEY, None),
        ENCRYPT_MESSAGES,
    ],
    "CheckDeadlineRoleDefaultPolicy": [
        log("CheckDeadline"),
        GIVE_UP,
        XRAY,
        ENCRYPT_MESSAGES,
        FIND_PARTITIONS,
        ("dynamodb:GetItem", RUNS, None),
        ("sns:Publish", "<OutcomesTopic>", None),
        (KEY_OF_TABLE, KEY, None),
    ],
    "RunsWidgetRoleDefaultPolicy": [
        log("RunsWidget"),
        XRAY,
        FIND_PARTITIONS,
        (["dynamodb:GetItem", "dynamodb:Query"], RUNS, None),
        (KEY_OF_TABLE, KEY, None),
    ],
    "ScheduleRoleDefaultPolicy": [ENCRYPT_MESSAGES, START_THEM, GIVE_STARTS_UP],
    "ScheduleDailyRoleDefaultPolicy": [ENCRYPT_MESSAGES, START_THEM, GIVE_STARTS_UP],
}


@pytest.mark.parametrize("policy", EXPECTED | OWN)
def test_statements_of_a_role(template: Templates, policy: str) -> None:
    statements = policies(template, PARTITIONS)[policy]
    actual = [(s["Action"], s["Resource"], s.get("Condition")) for s in statements]
    assert actual == (EXPECTED | OWN)[policy]


def test_there_are_no_other_policies(template: Templates) -> None:
    assert policies(template, PARTITIONS).keys() == EXPECTED.keys() | OWN.keys()


def test_named_partitions_are_not_discovered(template: Templates) -> None:
    found = policies(template, "unusual")
    for policy in ("PlanPartitionsRoleDefaultPolicy", "CheckDeadlineRoleDefaultPolicy", "RunsWidgetRoleDefaultPolicy"):
        assert "partition=*" not in str([s for s in found[policy] if s["Action"] == "s3:ListBucket"])


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_other_environments_have_no_resources_for_partitions(template: Templates, environment: str) -> None:
    assert load_settings(environment, ROOT / "environments").partitions is None
    for stack in ("data", "forecast"):
        text = json.dumps(template(environment, stack))
        for word in (
            "PlanPartitions",
            "SummarizePartitions",
            f"onejob-{environment}-partitions",
            "PARTITIONS",
            "partitions/",
        ):
            assert word not in text


def test_every_state_is_reachable_and_leads_to_an_end(definition: Definitions) -> None:
    machine = definition(PARTITIONS, PARENTS)
    of_an_item = machine["States"]["EachPartition"]["ItemProcessor"]
    for states, own_ends in ((machine, {"AllSucceeded", "PartitionsFailed", "Failed"}), (of_an_item, {"Ended"})):
        every = states["States"]
        assert {target for state in every.values() for target in targets(state)} <= every.keys()
        assert reachable(states, states["StartAt"]) == every.keys()
        ends = {name for name, state in every.items() if state["Type"] in ("Succeed", "Fail") or state.get("End")}
        assert ends == own_ends
        assert all(reachable(states, name) & ends for name in every)


def test_every_task_catches_all_errors(definition: Definitions) -> None:
    states = definition(PARTITIONS, PARENTS)["States"]
    for name, state in states.items():
        if state["Type"] in ("Task", "Map"):
            (catch,) = state["Catch"]
            assert catch["ErrorEquals"] == ["States.ALL"], name
            assert catch["ResultPath"].startswith("$."), f"{name} would lose the execution's data"
            assert state["Type"] == "Map" or state["TimeoutSeconds"] > 0, name
    for name in ("PlanPartitions", "SummarizePartitions"):
        assert states[name]["Catch"][0]["Next"] == "ExplainFailure"
    # SummarizePartitions gets the whole state data, so the table includes the Map's error if the Map aborts.
    each = states["EachPartition"]
    assert each["Catch"] == [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "SummarizePartitions"}]
    assert each["Next"] == "SummarizePartitions"
    assert not {"Parameters", "InputPath"} & states["SummarizePartitions"].keys()
    # NotifyFailure runs even if ExplainFailure fails.
    assert states["ExplainFailure"]["Catch"][0]["Next"] == "FailureUnexplained"
    assert states["FailureUnexplained"]["Next"] == "NotifyFailure"
    for notify, then in (("NotifyFailure", "Failed"), ("NotifyOutcome", "AllSucceeded?")):
        assert states[notify]["Catch"][0]["Next"] == states[notify]["Next"] == then


def test_a_failed_partition_does_not_stop_the_others(definition: Definitions) -> None:
    each = definition(PARTITIONS, PARENTS)["States"]["EachPartition"]
    assert each["ToleratedFailurePercentage"] == 100
    assert each["ResultPath"] is None  # the default would replace the whole state data
    states = each["ItemProcessor"]["States"]
    assert states["Run"]["Catch"] == [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "NoteOutcome"}]
    assert states["NoteOutcome"]["Catch"][0]["Next"] == states["NoteOutcome"]["Next"] == "Ended"
    # Thousands of results would exceed the limit of the state data.
    assert states["Ended"] == {"Type": "Pass", "Parameters": {}, "End": True}
    assert not [state for state in states.values() if state["Type"] == "Fail"]


def test_the_timeout_is_30_days(definition: Definitions) -> None:
    assert definition(PARTITIONS, PARENTS)["TimeoutSeconds"] == 30 * 24 * 3_600


def test_retries_are_few_and_only_for_temporary_errors(definition: Definitions) -> None:
    machine = definition(PARTITIONS, PARENTS)["States"]
    for name, state in {**machine, **machine["EachPartition"]["ItemProcessor"]["States"]}.items():
        for retry in state.get("Retry", []):
            assert retry["MaxAttempts"] <= (
                12
                if retry["ErrorEquals"] == ["Lambda.TooManyRequestsException"]
                else TRANSIENT_ATTEMPTS
                if name in ("Run", "NoteOutcome")
                else 4
            )
            assert retry["JitterStrategy"] == "FULL"
            if not name.startswith("Notify"):
                assert not {"States.ALL", "States.TaskFailed"} & set(retry["ErrorEquals"]), name


def validated(service: str, operation: str, request: dict[str, Any]) -> None:
    """Validate a request against the service's model."""
    shape = botocore.session.get_session().get_service_model(service).operation_model(operation).input_shape
    assert shape is not None
    report = ParamValidator().validate(request, shape)
    assert not report.has_errors(), report.generate_report()


def test_the_requests_are_valid(definition: Definitions) -> None:
    each = definition(PARTITIONS, PARENTS)["States"]["EachPartition"]
    run, note = (each["ItemProcessor"]["States"][name] for name in ("Run", "NoteOutcome"))
    assert run["Resource"] == "arn:aws:states:::states:startExecution.sync:2"
    # A retry keeps the name: StartExecution with the name and input of a running execution returns that execution.
    named = re.fullmatch(
        r"States\.Format\('(.*)', \$\.name, \$\$\.Execution\.RedriveCount\)", run["Parameters"]["Name.$"]
    )
    assert named is not None
    name = named[1].format(execution_name("p" * 64, "arn:parent"), 999)
    assert len(name) <= 80
    values = {run["Parameters"]["Name.$"]: name, "$.input": json.dumps({"partition": "p"})}
    request = filled_in(run["Parameters"], values)
    validated("stepfunctions", "StartExecution", {f"{key[0].lower()}{key[1:]}": request[key] for key in request})
    values = {"$.outcome": "partitions/execution=x/outcomes/p.json", "$": b"{}"}
    validated("s3", "PutObject", filled_in(note["Parameters"], values))
    reader = each["ItemReader"]
    assert reader["Resource"] == "arn:aws:states:::s3:getObject"
    validated("s3", "GetObject", filled_in(reader["Parameters"], {"$.plan.items": "partitions/execution=x/items.json"}))
    assert reader["ReaderConfig"] == {"InputType": "JSON"}
    assert each["MaxConcurrencyPath"] == "$.plan.max_concurrency"
    assert MAX_AT_A_TIME <= 10_000  # of a distributed Map


def test_the_state_machine_has_permissions_for_its_objects(definition: Definitions, template: Templates) -> None:
    statements = policies(template, PARTITIONS)[f"{PARENTS}RoleDefaultPolicy"]
    for action, key in (
        ("s3:GetObject", "partitions/execution=3f0c/items.json"),
        ("s3:PutObject", "partitions/execution=3f0c/outcomes/DE.south.json"),
    ):
        (pattern,) = [s["Resource"] for s in statements if s["Action"] == action]
        assert fnmatchcase(f"{FORECASTS}/{key}", pattern)
    run = definition(PARTITIONS, PARENTS)["States"]["EachPartition"]["ItemProcessor"]["States"]["Run"]
    assert run["Parameters"]["StateMachineArn"] == "<WorkflowStateMachine>"


def functions(template: Templates, environment: str) -> dict[str, dict[str, Any]]:
    return resources(template(environment, "forecast"), "AWS::Lambda::Function")


@pytest.mark.parametrize(("environment", "names"), [(PARTITIONS, None), ("unusual", ["AT", "DE.south"])])
def test_functions_get_the_source_of_the_partitions(
    template: Templates, environment: str, names: list[str] | None
) -> None:
    variables = {
        name: readable(function["Environment"]["Variables"])
        for name, function in functions(template, environment).items()
        if "Environment" in function
    }
    found = {name for name, each in variables.items() if "PARTITIONS" in each}
    assert found == {"CheckDeadlineFunction", "PlanPartitionsFunction", "RunsWidgetFunction"}
    for name in found:
        assert json.loads(variables[name]["PARTITIONS"]) == names
        assert variables[name]["DATA_BUCKET"] == "<DemandBucket>"
    assert json.loads(variables["PlanFunction"]["PARTITIONED"]) is True
    # Both functions get the same variables, so they reject the same inputs.
    of_input = ("BASE_CONFIG", "TIME_ZONE", "PERIOD_LABEL", "FLEET")
    plan, plan_partitions = variables["PlanFunction"], variables["PlanPartitionsFunction"]
    assert {name: plan[name] for name in of_input} == {name: plan_partitions[name] for name in of_input}
    assert plan_partitions["MAX_CONCURRENCY"] == ("20" if names is None else "2")
    assert all(quota.endswith(" for training job usage") for quota in json.loads(plan_partitions["QUOTAS"]))
    assert plan_partitions["FLEET_TYPES"] == variables["PreflightFunction"]["FLEET_TYPES"] != "[]"


def test_functions_that_read_thousands_of_objects_have_more_memory(template: Templates) -> None:
    large = {"CheckRunFunction", "PlanFleetFunction"}
    of_partitions = {
        "CheckDeadlineFunction",
        "PlanPartitionsFunction",
        "RunsWidgetFunction",
        "SummarizePartitionsFunction",
    }
    for environment, expected in (("prod", large), (PARTITIONS, large | of_partitions)):
        memory = {name: function["MemorySize"] for name, function in functions(template, environment).items()}
        assert {name for name, megabytes in memory.items() if megabytes == 1_024} == expected
        assert set(memory.values()) == {256, 1_024}


@pytest.mark.parametrize("environment", EVERY)
def test_the_schedules_start_the_state_machine_of_all_partitions(template: Templates, environment: str) -> None:
    schedules = readable(resources(template(environment, "forecast"), "AWS::Scheduler::Schedule"))
    started = {name: schedule["Target"]["Arn"] for name, schedule in schedules.items() if name != "DeadlineSchedule"}
    if environment == PARTITIONS:
        assert started == {"Schedule": f"<{PARENTS}>", "ScheduleDailySchedule": f"<{PARENTS}>"}
    else:
        assert started == {"Schedule": "<WorkflowStateMachine>"}


def test_inference_runs_have_their_own_schedule(template: Templates) -> None:
    schedules = readable(resources(template(PARTITIONS, "forecast"), "AWS::Scheduler::Schedule"))
    daily, weekly = schedules["ScheduleDailySchedule"], schedules["Schedule"]
    assert daily["Name"] == "onejob-prod-daily"
    assert daily["ScheduleExpression"] == "cron(0 5 ? * SUN,TUE-SAT *)"
    assert json.loads(daily["Target"]["Input"]) == {
        "mode": "infer",
        "scheduled_time": "<aws.scheduler.scheduled-time>",
    }
    for name in ("State", "ScheduleExpressionTimezone", "FlexibleTimeWindow"):
        assert daily[name] == weekly[name]
    for name in ("RetryPolicy", "DeadLetterConfig"):
        assert daily["Target"][name] == weekly["Target"][name]


def test_rules_for_executions_with_unreported_ends(template: Templates) -> None:
    rules = readable(resources(template(PARTITIONS, "forecast"), "AWS::Events::Rule"))
    unreported = {
        "$or": [
            {"status": ["ABORTED", "TIMED_OUT"]},
            {"status": ["FAILED"], "error": ["States.Runtime", "States.DataLimitExceeded"]},
        ]
    }
    of_all = rules["ExecutionStatusRulesOfAllPartitions"]
    assert of_all["EventPattern"]["detail"] == {"stateMachineArn": [f"<{PARENTS}>"], **unreported}
    # The message of an execution of all partitions covers the runs that it started.
    assert rules["ExecutionStatusRulesRule"]["EventPattern"]["detail"] == {
        "stateMachineArn": ["<WorkflowStateMachine>"],
        **unreported,
        "input": [{"anything-but": {"wildcard": f"*{PARENT}*"}}],
    }
    for rule in (of_all, rules["ExecutionStatusRulesRule"]):
        (target,) = rule["Targets"]
        assert (target["Arn"], target["DeadLetterConfig"]) == ("<OutcomesTopic>", {"Arn": "<Undelivered.Arn>"})
    # CloseRun still gets the end of every run.
    ended = rules["ExecutionStatusRulesEnded"]
    assert ended["EventPattern"]["detail"]["stateMachineArn"] == ["<WorkflowStateMachine>"]


def test_alarm_and_dashboard_include_the_partitions(template: Templates) -> None:
    alarm = alarms(template, PARTITIONS)["onejob-prod-partitions"]
    assert alarm["AlarmActions"] == ["<OutcomesTopic>"]
    metrics = {
        (each["MetricStat"]["Metric"]["MetricName"], each["MetricStat"]["Metric"]["Dimensions"][0]["Value"])
        for each in alarm["Metrics"]
        if "MetricStat" in each
    }
    assert metrics == {(f"Executions{how}", f"<{PARENTS}>") for how in ("Failed", "TimedOut", "Aborted")}
    page = dashboard(template, PARTITIONS)
    assert f"statemachines/view/<{PARENTS}>" in page
    assert '"PartitionsUnfinished","Deployment","onejob-prod"' in page
    assert "PartitionsUnfinished" not in dashboard(template, "prod")


def test_the_state_machine_has_a_name_logs_and_traces(synthesized: dict[str, Assembly], template: Templates) -> None:
    machine = resources(template(PARTITIONS, "forecast"), "AWS::StepFunctions::StateMachine")[PARENTS]
    assert machine["StateMachineName"] == "onejob-prod-partitions"
    assert machine["LoggingConfiguration"]["Level"] == "ALL"
    assert machine["TracingConfiguration"] == {"Enabled": True}
    outputs = synthesized[PARTITIONS].template("prod", "forecast")["Outputs"]
    assert readable(outputs["PartitionsStateMachineArn"]["Value"]) == f"<{PARENTS}>"
