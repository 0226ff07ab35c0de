"""Step Functions requires permissions of a state machine's role for logs, `.sync` tasks and distributed Maps."""

import itertools
import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local_cloud import LocalCloud, wait_for_execution
from local_cloud.tests.failed_stacks import reasons_of_failed_creation

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.literals import LogLevelType
    from mypy_boto3_stepfunctions.type_defs import LoggingConfigurationTypeDef

_NUMBERS = itertools.count()
LOGS = [
    f"logs:{action}"
    for action in (
        "CreateLogDelivery",
        "GetLogDelivery",
        "UpdateLogDelivery",
        "DeleteLogDelivery",
        "ListLogDeliveries",
        "PutResourcePolicy",
        "DescribeResourcePolicies",
        "DescribeLogGroups",
    )
]
RULES = ["events:DescribeRule", "events:PutRule", "events:PutTargets"]
MAP_RUN = ["states:StartExecution", "states:DescribeExecution", "states:StopExecution"]
NOTHING: dict[str, Any] = {"Nothing": {"Type": "Pass", "End": True}}
FAILS_ONCE: dict[str, Any] = {
    "First?": {
        "Type": "Choice",
        "Choices": [{"Variable": "$$.Execution.RedriveCount", "NumericEquals": 0, "Next": "Fail"}],
        "Default": "Nothing",
    },
    "Fail": {"Type": "Fail", "Error": "Failed"},
    **NOTHING,
}


def mapped(states: dict[str, Any]) -> dict[str, Any]:
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    items = {**processor, "StartAt": next(iter(states)), "States": states}
    return {"Each": {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": items, "End": True}}


def synchronous(action: str) -> dict[str, Any]:
    task = {"Type": "Task", "Resource": f"arn:aws:states:::{action}", "Parameters": {}, "End": True}
    return {"Both": {"Type": "Parallel", "Branches": [{"StartAt": "Call", "States": {"Call": task}}], "End": True}}


@pytest.fixture(scope="module")
def strict() -> Iterator[LocalCloud]:
    with LocalCloud(time_scale=0.01) as opened:
        yield opened


@pytest.fixture
def name() -> str:
    """Return the name of a role and its state machine."""
    return f"permitted-{next(_NUMBERS)}"


@pytest.fixture
def role(strict: LocalCloud, name: str) -> str:
    created = strict.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")
    return str(created["Role"]["Arn"])


@pytest.fixture
def allow(strict: LocalCloud, name: str, role: str) -> Callable[..., None]:  # noqa: ARG001 - the role exists
    """Return a function that replaces the permissions of the role."""

    def allow(actions: list[str], resource: str = "*") -> None:
        statement = {"Effect": "Allow", "Action": actions or ["sts:GetCallerIdentity"], "Resource": resource}
        document = json.dumps({"Version": "2012-10-17", "Statement": statement})
        strict.client("iam").put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document)

    return allow


@pytest.fixture
def create(strict: LocalCloud, name: str, role: str) -> Callable[..., str]:
    """Return a function that creates the state machine, and returns its ARN."""

    def create(states: dict[str, Any], **more: Any) -> str:
        definition = json.dumps({"StartAt": next(iter(states)), "States": states})
        created = strict.client("stepfunctions").create_state_machine(
            name=name, definition=definition, roleArn=role, **more
        )
        return str(created["stateMachineArn"])

    return create


def logging(strict: LocalCloud, level: "LogLevelType" = "ALL") -> "LoggingConfigurationTypeDef":
    group = f"arn:aws:logs:{strict.region}:{strict.account}:log-group:states:*"
    return {"level": level, "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": group}}]}


@pytest.mark.parametrize("lacking", LOGS)
def test_a_log_destination_requires_permissions(
    strict: LocalCloud, allow: Callable[..., None], create: Callable[..., str], lacking: str
) -> None:
    allow([action for action in LOGS if action != lacking])
    with pytest.raises(ClientError) as refused:
        create(NOTHING, loggingConfiguration=logging(strict))
    message = "The state machine IAM Role is not authorized to access the Log Destination"
    assert refused.value.response["Error"] == {"Code": "AccessDeniedException", "Message": message}
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    machine = create(NOTHING, loggingConfiguration=logging(strict, "OFF"))
    with pytest.raises(ClientError, match=message):
        strict.client("stepfunctions").update_state_machine(
            stateMachineArn=machine, loggingConfiguration=logging(strict)
        )
    allow(LOGS)
    strict.client("stepfunctions").update_state_machine(stateMachineArn=machine, loggingConfiguration=logging(strict))


@pytest.mark.parametrize(
    ("action", "rule"),
    [
        ("sagemaker:createTrainingJob.sync", "StepFunctionsGetEventsForSageMakerTrainingJobsRule"),
        ("sagemaker:createProcessingJob.sync", "StepFunctionsGetEventsForSageMakerProcessingJobsRule"),
        ("states:startExecution.sync:2", "StepFunctionsGetEventsForStepFunctionsExecutionRule"),
    ],
)
@pytest.mark.parametrize("lacking", RULES)
def test_a_synchronous_task_requires_permissions_for_its_rule(
    strict: LocalCloud,
    role: str,
    allow: Callable[..., None],
    create: Callable[..., str],
    action: str,
    rule: str,
    lacking: str,
) -> None:
    allowed = f"arn:aws:events:{strict.region}:{strict.account}:rule/{rule}"
    allow([each for each in RULES if each != lacking], allowed)
    with pytest.raises(ClientError) as refused:
        create(synchronous(action))
    message = f"'{role}' is not authorized to create managed-rule."
    assert refused.value.response["Error"] == {"Code": "AccessDeniedException", "Message": message}
    machine = create(NOTHING)
    states = synchronous(action)
    definition = json.dumps({"StartAt": "Both", "States": states})
    with pytest.raises(ClientError, match="is not authorized to create managed-rule"):
        strict.client("stepfunctions").update_state_machine(stateMachineArn=machine, definition=definition)
    allow(RULES, allowed)
    strict.client("stepfunctions").update_state_machine(stateMachineArn=machine, definition=definition)


def test_a_task_that_does_not_wait_requires_no_rule(allow: Callable[..., None], create: Callable[..., str]) -> None:
    allow([])
    create(synchronous("sagemaker:createTrainingJob"))


def test_a_template_needs_the_same_permissions(strict: LocalCloud, role: str, allow: Callable[..., None]) -> None:
    allow([])
    group = f"arn:aws:logs:{strict.region}:{strict.account}:log-group:states:*"
    properties = {
        "RoleArn": role,
        "DefinitionString": json.dumps({"StartAt": "Nothing", "States": NOTHING}),
        "LoggingConfiguration": {
            "Level": "ALL",
            "Destinations": [{"CloudWatchLogsLogGroup": {"LogGroupArn": group}}],
        },
    }
    resources = {"Machine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}}
    (reason,) = reasons_of_failed_creation(strict, "logging", resources)
    assert "is not authorized to access the Log Destination" in reason


def run(strict: LocalCloud, machine: str) -> dict[str, Any]:
    workflows = strict.client("stepfunctions")
    started = workflows.start_execution(stateMachineArn=machine, input='{"items": [1]}')
    return dict(wait_for_execution(strict.client, started["executionArn"], seconds=30))


@pytest.mark.parametrize("lacking", MAP_RUN)
def test_a_distributed_map_requires_permissions_for_its_executions(
    strict: LocalCloud, allow: Callable[..., None], create: Callable[..., str], lacking: str
) -> None:
    allow([action for action in MAP_RUN if action != lacking])
    machine = create(mapped(NOTHING))
    ended = run(strict, machine)
    assert (ended["status"], ended["error"]) == ("FAILED", "States.Permissions")
    assert f"is not authorized to perform: {lacking} on resource: arn:aws:states:" in ended["cause"]
    allow(MAP_RUN)
    assert run(strict, machine)["status"] == "SUCCEEDED"


def test_permissions_for_another_state_machine_are_not_enough(
    strict: LocalCloud, name: str, allow: Callable[..., None], create: Callable[..., str]
) -> None:
    machine = create(mapped(NOTHING))
    allow(MAP_RUN, machine.replace(name, "other"))
    assert run(strict, machine)["error"] == "States.Permissions"


def test_a_redriven_map_requires_the_permission_to_redrive_its_items(
    strict: LocalCloud, name: str, allow: Callable[..., None], create: Callable[..., str]
) -> None:
    allow(MAP_RUN)
    failed = run(strict, create(mapped(FAILS_ONCE)))
    assert failed["error"] == "States.ExceedToleratedFailureThreshold"
    workflows, execution = strict.client("stepfunctions"), failed["executionArn"]
    workflows.redrive_execution(executionArn=execution)
    refused = wait_for_execution(strict.client, execution, seconds=30)
    assert refused["error"] == "States.Permissions"
    assert f"states:RedriveExecution on resource: arn:aws:states:{strict.region}" in refused["cause"]
    assert f":execution:{name}/" in refused["cause"]
    allow([*MAP_RUN, "states:RedriveExecution"])
    workflows.redrive_execution(executionArn=execution)
    assert wait_for_execution(strict.client, execution, seconds=30)["status"] == "SUCCEEDED"
