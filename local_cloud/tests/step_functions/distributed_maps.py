"""Map states in distributed mode, and their executions."""

from typing import TYPE_CHECKING, Any

from local_cloud import LocalCloud

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import ExecutionListItemTypeDef

WAIT = {"Wait": {"Type": "Wait", "Seconds": 20, "End": True}}  # 0.2 seconds here
WAIT_LONG = {"Wait": {"Type": "Wait", "Seconds": 100_000, "End": True}}
RESULTS = {"results.$": "$"}


def mapped(processor: dict[str, Any], *, bucket: str, **settings: Any) -> dict[str, Any]:
    """Return a Map state that reads its items from `$.key` and runs `$.at_once` of them at the same time."""
    return {
        "Type": "Map",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "JSON"},
            "Parameters": {"Bucket": bucket, "Key.$": "$.key"},
        },
        "ItemSelector": {
            "run.$": "$.run",
            "index.$": "$$.Map.Item.Index",
            "partition.$": "$$.Map.Item.Value.partition",
            "name.$": "States.Format('{}-{}', $.run, $$.Map.Item.Value.partition)",
        },
        "MaxConcurrencyPath": "$.at_once",
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": next(iter(processor)),
            "States": processor,
        },
        "ResultSelector": RESULTS,
        "End": True,
        **settings,
    }


def started_for_each(child: Any) -> dict[str, Any]:
    """Return the states of an item. The item starts an execution, and succeeds even if that execution fails."""
    return {
        "Run": {
            "Type": "Task",
            "Resource": "arn:aws:states:::states:startExecution.sync:2",
            "Parameters": {
                "StateMachineArn": child,
                "Name.$": "$.name",
                "Input": {
                    "partition.$": "$.partition",
                    "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID.$": "$$.Execution.Id",
                },
            },
            "ResultSelector": {"status.$": "$.Status", "output.$": "$.Output"},
            "ResultPath": "$.child",
            "Retry": [{"ErrorEquals": ["StepFunctions.ExecutionLimitExceededException"], "MaxAttempts": 3}],
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Failed"}],
            "Next": "Done",
        },
        "Done": {"Type": "Pass", "Parameters": {"i.$": "$.index", "output.$": "$.child.output"}, "End": True},
        "Failed": {"Type": "Pass", "Parameters": {"i.$": "$.index", "error.$": "$.error.Error"}, "End": True},
    }


def executions_of(cloud: LocalCloud, machine: str) -> list["ExecutionListItemTypeDef"]:
    pages = cloud.client("stepfunctions").get_paginator("list_executions").paginate(stateMachineArn=machine)
    return [execution for page in pages for execution in page["executions"]]


def wait_for_running(cloud: LocalCloud, machine: str, count: int) -> None:
    while sum(execution["status"] == "RUNNING" for execution in executions_of(cloud, machine)) < count:
        pass


def events_of(cloud: LocalCloud, execution: str) -> list[str]:
    pages = cloud.client("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=execution)
    return [event["type"] for page in pages for event in page["events"]]
