"""`states:startExecution`, `.sync` and `.sync:2`, because moto's own task never reaches the service.

The task follows Step Functions. The state waits for the child's end, and the child's description is the output. With
`.sync:2`, input and output in it are JSON instead of text. If the child fails, times out or is stopped, its description
is the cause of `States.TaskFailed`. If the parent execution or the state ends first, it stops the child.
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import ResourceCondition

from local_cloud.core.request_validation import request_shape
from local_cloud.step_functions.sync_task import SyncTask, with_times_as_numbers

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


class ExecutionTask(SyncTask["SFNClient"]):
    """A task state that starts an execution of a state machine."""

    boto_name = "stepfunctions"
    prefix = "StepFunctions"
    service = "AWSStepFunctions"
    named_codes = frozenset(
        {
            "ExecutionAlreadyExists",
            "ExecutionLimitExceeded",
            "InvalidArn",
            "InvalidExecutionInput",
            "InvalidName",
            "StateMachineDeleting",
            "StateMachineDoesNotExist",
        }
    )
    other_error = "AWSStepFunctionsException"
    unfinished = frozenset({"RUNNING"})
    successful = frozenset({"SUCCEEDED"})

    def _get_supported_parameters(self) -> set[str] | None:
        known = {"StateMachineArn", "Name", "Input", "TraceHeader"}
        return known if self.resource.api_action == "startExecution" else None

    def normalize(self, parameters: dict[str, Any]) -> None:
        """Rename the parameters to those of the API call, and convert the input to text."""
        named = {f"{name[0].lower()}{name[1:]}": value for name, value in parameters.items()}
        if not isinstance(named.setdefault("input", {}), str):
            named["input"] = json.dumps(named["input"], separators=(",", ":"))
        self.check(named, request_shape("stepfunctions", "StartExecution"))
        parameters.clear()
        parameters.update(named)

    def start(self, client: "SFNClient", parameters: dict[str, Any]) -> dict[str, Any]:
        """Start the execution and return the response."""
        return _with_capital_names(client.start_execution(**parameters))

    def reference(self, parameters: dict[str, Any], started: dict[str, Any]) -> dict[str, str]:  # noqa: ARG002
        """Return the execution's ARN."""
        return {"executionArn": started["ExecutionArn"]}

    def describe(self, client: "SFNClient", reference: dict[str, str]) -> dict[str, Any]:
        """Return the execution's description. With `.sync:2`, input and output in it are JSON."""
        description = _with_capital_names(client.describe_execution(executionArn=reference["executionArn"]))
        if self.resource.condition == ResourceCondition.Sync2:
            for name in {"Input", "Output"} & set(description):
                description[name] = json.loads(description[name])
        return description

    def status(self, description: dict[str, Any]) -> str:
        """Return the execution's status."""
        return str(description["Status"])

    def stop(self, client: "SFNClient", reference: dict[str, str]) -> None:
        """Stop the execution."""
        client.stop_execution(executionArn=reference["executionArn"])

    _build_sync2_resolver = SyncTask._build_sync_resolver


def _with_capital_names(response: Mapping[str, Any]) -> dict[str, Any]:
    """Return a response with names as in task states: each begins with a capital letter."""
    return {
        f"{name[0].upper()}{name[1:]}": _with_capital_names(value)
        if isinstance(value, dict)
        else with_times_as_numbers(value)
        for name, value in response.items()
        if name != "ResponseMetadata"
    }
