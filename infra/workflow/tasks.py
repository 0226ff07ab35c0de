"""The small states of every path: call a function, ask whether this execution has the run, send a message."""

from collections.abc import Mapping
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from contract.function_errors import CatalogUpdateFailed, RegistryBusy
from infra.functions.python_function import TIMEOUT

LAMBDA_SERVICE_ERRORS = [
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
]
# The function's process ended, or took too long, or a service refused it again and again: what it had done by then, it
# finds done.
CRASHES = [
    "Lambda.Unknown",
    "Runtime.ExitError",
    "Sandbox.Timedout",
    "States.Timeout",
    "ClientError",
    # boto3's own classes of what DynamoDB and Glue answer where others got in between, or they themselves failed.
    "ConcurrentModificationException",
    "InternalServerError",
    "InternalServiceException",
    "OperationTimeoutException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingException",
    "ConnectTimeoutError",
    "EndpointConnectionError",
    "ReadTimeoutError",
]
# What functions raise by themselves where others were in the way; some of it is also the name of a failure.
PASSING = [CatalogUpdateFailed.__name__, RegistryBusy.__name__]
# What a state machine's data begin with, whatever the execution's input was.
EXECUTION = {
    "name.$": "$$.Execution.Name",
    "id.$": "$$.Execution.Id",
    "started_at.$": "$$.Execution.StartTime",
    "input.$": "$$.Execution.Input",
}
STATE_MARGIN = Duration.seconds(30)
# As Claim answers it.
CLAIMED = sfn.Condition.boolean_equals("$.claim.claimed", True)


def call_function(
    scope: Construct,
    state: str,
    function: lambda_.IFunction,
    *,
    result_path: str,
    payload: Mapping[str, Any] | None = None,
) -> tasks.LambdaInvoke:
    """A state that hands the function the state's data and keeps its answer.

    What is retried are faults of the service and crashes of a function: each of ours may be repeated. What it raises by
    itself is an answer.
    """
    task = tasks.LambdaInvoke(
        scope,
        state,
        lambda_function=function,
        payload_response_only=True,
        payload=sfn.TaskInput.from_object(dict(payload)) if payload else None,
        retry_on_service_exceptions=False,
        result_path=result_path,
        task_timeout=sfn.Timeout.duration(TIMEOUT.plus(STATE_MARGIN)),
    )
    task.add_retry(
        errors=LAMBDA_SERVICE_ERRORS,
        interval=Duration.seconds(2),
        backoff_rate=2,
        max_attempts=4,
        jitter_strategy=sfn.JitterType.FULL,
    )
    task.add_retry(
        errors=[*CRASHES, *PASSING],
        interval=Duration.seconds(5),
        backoff_rate=2,
        max_attempts=2,
        jitter_strategy=sfn.JitterType.FULL,
    )
    return task


def ask_whether_claimed(scope: Construct, state: str, *, mine: sfn.IChainable, another: sfn.IChainable) -> sfn.Choice:
    """Make a state that goes on by Claim's last answer.

    Args:
        scope: The parent.
        state: The state's name.
        mine: Where an execution goes on that has the run.
        another: Where one ends that was not given it.
    """
    return sfn.Choice(scope, state).when(CLAIMED, mine).otherwise(another)


def notify(
    scope: Construct, state: str, *, topic: sns.ITopic, outcome_path: str, then: sfn.IChainable
) -> tasks.SnsPublish:
    """A state that sends the outcome's `subject` and `message` and goes on, whether they could be sent or not.

    A message sent twice does no harm, so whatever fails is retried; one not sent does not change how the run ended.
    """
    task = tasks.SnsPublish(
        scope,
        state,
        topic=topic,
        subject=sfn.JsonPath.string_at(f"{outcome_path}.subject"),
        message=sfn.TaskInput.from_json_path_at(f"{outcome_path}.message"),
        result_path=sfn.JsonPath.DISCARD,
        task_timeout=sfn.Timeout.duration(Duration.minutes(1)),
    )
    task.add_retry(
        errors=["States.TaskFailed"],
        interval=Duration.seconds(2),
        backoff_rate=2,
        max_attempts=3,
        jitter_strategy=sfn.JitterType.FULL,
    )
    task.add_catch(then, result_path="$.notification_error")
    task.next(then)
    return task
