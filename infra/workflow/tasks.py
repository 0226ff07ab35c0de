"""States that every path uses: call a function, check the claim, send a notification."""

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
]
# All concurrent executions of the function, or of the account, are in use. Hundreds of partitions wait for each other.
THROTTLED = ["Lambda.TooManyRequestsException"]
THROTTLED_LONGEST, THROTTLED_ATTEMPTS = Duration.minutes(2), 12
# The function's process ended or timed out, or an AWS service failed or throttled it. Functions are idempotent, so a
# retry continues from the work already done.
CRASHES = [
    "Lambda.Unknown",
    "Runtime.ExitError",
    "Sandbox.Timedout",
    "States.Timeout",
    "ClientError",
    # boto3's classes for errors of DynamoDB and Glue: concurrent changes, throttling and faults of the service.
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
# Errors that functions raise themselves when a retry can help.
PASSING = [CatalogUpdateFailed.__name__, RegistryBusy.__name__]
# The first key of every state machine's data. The input is below it, so it may be any JSON value.
EXECUTION = {
    "name.$": "$$.Execution.Name",
    "id.$": "$$.Execution.Id",
    "started_at.$": "$$.Execution.StartTime",
    "input.$": "$$.Execution.Input",
}
STATE_MARGIN = Duration.seconds(30)
# Claim's answer if this execution holds the run.
CLAIMED = sfn.Condition.boolean_equals("$.claim.claimed", True)


def call_function(
    scope: Construct,
    state: str,
    function: lambda_.IFunction,
    *,
    result_path: str,
    payload: Mapping[str, Any] | None = None,
) -> tasks.LambdaInvoke:
    """Create a state that calls a function with the state data and stores its answer at `result_path`.

    Step Functions retries faults of the service, crashes of the function and the errors in `PASSING`. Every function
    is safe to repeat. Other errors that a function raises are final.

    Args:
        scope: The parent.
        state: Name of the state.
        function: The function.
        result_path: Path of the answer in the state data.
        payload: Input of the function; the whole state data if None.
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
        errors=THROTTLED,
        interval=Duration.seconds(2),
        backoff_rate=2,
        max_delay=THROTTLED_LONGEST,
        max_attempts=THROTTLED_ATTEMPTS,
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
    """Create a state that branches on Claim's last answer.

    Args:
        scope: The parent.
        state: Name of the state.
        mine: Next state if this execution holds the run.
        another: Next state if another execution holds the run or has published it.
    """
    return sfn.Choice(scope, state).when(CLAIMED, mine).otherwise(another)


def notify(
    scope: Construct, state: str, *, topic: sns.ITopic, outcome_path: str, then: sfn.IChainable
) -> tasks.SnsPublish:
    """Create a state that sends the outcome's `subject` and `message`, and continues even if sending fails.

    Step Functions retries every error, because a duplicate message does no harm. A message that cannot be sent does
    not change the outcome of the run.
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
