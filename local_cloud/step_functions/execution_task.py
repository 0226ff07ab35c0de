"""`states:startExecution`, `.sync` and `.sync:2` in moto's workflow interpreter, whose own never reaches the service.

As Step Functions has it: the state waits for the child's end, its description is the output (with `.sync:2`, input and
output in it are JSON and not text), the description of one that failed, timed out or was stopped is the cause of
`States.TaskFailed`, and an execution or state that ends before its child stops the child.
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
    modelled = frozenset(
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
    other = "AWSStepFunctionsException"
    unfinished = frozenset({"RUNNING"})
    successful = frozenset({"SUCCEEDED"})

    def _get_supported_parameters(self) -> set[str] | None:
        known = {"StateMachineArn", "Name", "Input", "TraceHeader"}
        return known if self.resource.api_action == "startExecution" else None

    def normalise(self, parameters: dict[str, Any]) -> None:
        """Names the parameters as the call does, and writes the input as text."""
        named = {f"{name[0].lower()}{name[1:]}": value for name, value in parameters.items()}
        if not isinstance(named.setdefault("input", {}), str):
            named["input"] = json.dumps(named["input"], separators=(",", ":"))
        self.check(named, request_shape("stepfunctions", "StartExecution"))
        parameters.clear()
        parameters.update(named)

    def start(self, client: "SFNClient", parameters: dict[str, Any]) -> dict[str, Any]:
        """Starts the execution."""
        return _as_states_write(client.start_execution(**parameters))

    def reference(self, parameters: dict[str, Any], started: dict[str, Any]) -> dict[str, str]:  # noqa: ARG002
        """Returns the execution's ARN."""
        return {"executionArn": started["ExecutionArn"]}

    def describe(self, client: "SFNClient", reference: dict[str, str]) -> dict[str, Any]:
        """Returns the execution's description; with `.sync:2`, input and output in it are JSON."""
        description = _as_states_write(client.describe_execution(executionArn=reference["executionArn"]))
        if self.resource.condition == ResourceCondition.Sync2:
            for name in {"Input", "Output"} & set(description):
                description[name] = json.loads(description[name])
        return description

    def status(self, description: dict[str, Any]) -> str:
        """Returns the execution's status."""
        return str(description["Status"])

    def stop(self, client: "SFNClient", reference: dict[str, str]) -> None:
        """Stops the execution."""
        client.stop_execution(executionArn=reference["executionArn"])

    _build_sync2_resolver = SyncTask._build_sync_resolver


def _as_states_write(response: Mapping[str, Any]) -> dict[str, Any]:
    """An answer of the service with the names that task states use: each begins with a capital."""
    return {
        f"{name[0].upper()}{name[1:]}": _as_states_write(value)
        if isinstance(value, dict)
        else with_times_as_numbers(value)
        for name, value in response.items()
        if name != "ResponseMetadata"
    }
