"""`states:startExecution`, `.sync` and `.sync:2` in moto's workflow interpreter, whose own never reaches the service.

As Step Functions has it: the state waits for the child's end, its description is the output (with `.sync:2`, input and
output in it are JSON and not text), the description of one that failed, timed out or was stopped is the cause of
`States.TaskFailed`, and an execution or state that ends before its child stops the child.
"""

import json
from collections.abc import Callable
from typing import Any

from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import ResourceCondition
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.utils.boto_client import boto_client_for

from local_cloud.core.request_validation import operation_model
from local_cloud.step_functions.sync_task import SyncTask, with_times_as_numbers


class ExecutionTask(SyncTask):
    """A task state that starts an execution of a state machine."""

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

    def _get_supported_parameters(self) -> set[str] | None:
        known = {"StateMachineArn", "Name", "Input", "TraceHeader"}
        return known if self.resource.api_action == "startExecution" else None

    def _normalise_parameters(
        self,
        parameters: dict[str, Any],
        boto_service_name: str | None = None,  # noqa: ARG002
        service_action_name: str | None = None,  # noqa: ARG002
    ) -> None:
        named = {f"{name[0].lower()}{name[1:]}": value for name, value in parameters.items()}
        if not isinstance(named.setdefault("input", {}), str):
            named["input"] = json.dumps(named["input"], separators=(",", ":"))
        self.check(named, operation_model("stepfunctions", "StartExecution"))
        parameters.clear()
        parameters.update(named)

    def _eval_service_task(
        self,
        env: Environment,
        resource_runtime_part: Any,  # noqa: ANN401
        normalised_parameters: dict[str, Any],
        state_credentials: Any,  # noqa: ANN401
    ) -> None:
        client = boto_client_for(resource_runtime_part.region, "stepfunctions", state_credentials)
        env.stack.append(_as_states_write(client.start_execution(**normalised_parameters)))

    def _build_sync_resolver(
        self,
        env: Environment,
        resource_runtime_part: Any,  # noqa: ANN401
        normalised_parameters: dict[str, Any],  # noqa: ARG002
        state_credentials: Any,  # noqa: ANN401
    ) -> Callable[[], Any]:
        named = {"executionArn": env.stack.pop()["ExecutionArn"]}
        client = boto_client_for(resource_runtime_part.region, "stepfunctions", state_credentials)

        def resolve() -> dict[str, Any] | None:
            if not env.is_running():
                client.stop_execution(**named)
                return None
            description = _as_states_write(client.describe_execution(**named))
            if description["Status"] == "RUNNING":
                return None
            if self.resource.condition == ResourceCondition.Sync2:
                for name in {"Input", "Output"} & set(description):
                    description[name] = json.loads(description[name])
            if description["Status"] != "SUCCEEDED":
                raise self.failed(env, description)
            return description

        return resolve

    _build_sync2_resolver = _build_sync_resolver


def _as_states_write(response: dict[str, Any]) -> dict[str, Any]:
    """An answer of the service with the names that task states use: each begins with a capital."""
    return {
        f"{name[0].upper()}{name[1:]}": _as_states_write(value)
        if isinstance(value, dict)
        else with_times_as_numbers(value)
        for name, value in response.items()
        if name != "ResponseMetadata"
    }
