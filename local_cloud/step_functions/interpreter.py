"""Extends moto's workflow interpreter for definitions in JSONPath, where it differs from Step Functions."""

import json
import re
import sys
import threading
import time
import types
from collections.abc import Callable
from typing import Any

import moto.stepfunctions.models as moto_models
from botocore.credentials import Credentials
from moto.core.exceptions import AWSError
from moto.stepfunctions.models import StateMachine
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_task import state_task_factory
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import StateTaskService
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_aws_sdk import (
    StateTaskServiceAwsSdk,
)
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.utils import boto_client, json_path
from moto.stepfunctions.parser.models import StepFunctionsParserBackend, stepfunctions_parser_backends

from local_cloud.core.breakpoints import Breakpoints
from local_cloud.core.patching import patch_attribute
from local_cloud.core.role_access_keys import access_key_of
from local_cloud.step_functions import concurrent_executions, distributed_map, error_names, redrive, role_permissions
from local_cloud.step_functions.execution_task import ExecutionTask
from local_cloud.step_functions.role_permissions import RolePermissions
from local_cloud.step_functions.sagemaker_task import SageMakerTask
from local_cloud.step_functions.supported_members import unsupported_members

_INDEFINITE_PATH = re.compile(r"\*|\?|\.\.|\[[^\]'\"]*[:,]")
_PAUSE_POLL_SECONDS = 0.01


class InvalidDefinitionError(AWSError):
    """The error of Step Functions for an invalid definition."""

    TYPE = "InvalidDefinition"
    STATUS = 400


def install(*, time_scale: float, paused: Breakpoints, permissions: RolePermissions) -> None:
    """Apply the extensions.

    Args:
        time_scale: Factor for Wait states and Retry intervals.
        paused: The states at which executions pause.
        permissions: Checks the roles of state machines.
    """
    # CloudFormation must create state machines in the backend that executes them.
    patch_attribute(moto_models, "stepfunctions_backends", lambda _: stepfunctions_parser_backends)
    patch_attribute(StateMachine, "get_cfn_attribute", _with_arn)
    patch_attribute(StateMachine, "has_cfn_attr", _with_arn_attribute)
    patch_attribute(StepFunctionsParserBackend, "_validate_definition", _with_supported_members)
    patch_attribute(state_task_factory, "state_task_service_for", _with_own_tasks)
    _unpack_single_values()
    _sign_as_the_role()
    patch_attribute(StateTaskServiceAwsSdk, "_eval_service_task", _with_bodies_as_text)
    patch_attribute(retrier_decl, "time", lambda _: types.SimpleNamespace(sleep=lambda s: time.sleep(s * time_scale)))
    patch_attribute(
        WaitFunction,
        "_wait_interval",
        lambda wait: lambda self, env, wait_seconds: wait(self, env, wait_seconds * time_scale),
    )
    patch_attribute(CommonStateField, "_eval_state_input", lambda original: _delayed_while_paused(original, paused))
    error_names.install()
    concurrent_executions.install()
    distributed_map.install(permissions)
    role_permissions.install(permissions)
    redrive.install()


def _with_arn(original: Callable[..., Any]) -> Callable[..., Any]:
    def get_cfn_attribute(self: StateMachine, attribute_name: str) -> object:
        return self.arn if attribute_name == "Arn" else original(self, attribute_name)

    return get_cfn_attribute


def _with_arn_attribute(original: Callable[[str], bool]) -> object:
    def has_cfn_attr(_class: type[StateMachine], attr: str) -> bool:
        return attr == "Arn" or original(attr)

    return classmethod(has_cfn_attr)


def _with_supported_members(original: Callable[[str], None]) -> object:
    def validate_definition(definition: str) -> None:
        original(definition)
        if errors := unsupported_members(definition):
            problems = ", ".join(f"'SCHEMA_VALIDATION_FAILED: {error}'" for error in errors)
            raise InvalidDefinitionError(f"Invalid State Machine Definition: {problems}")

    return staticmethod(validate_definition)


def _with_own_tasks(original: Callable[[str], StateTaskService]) -> Callable[[str], StateTaskService]:
    own: dict[str, Callable[[], StateTaskService]] = {"sagemaker": SageMakerTask, "states": ExecutionTask}

    def state_task_service_for(service_name: str) -> StateTaskService:
        return own[service_name]() if service_name in own else original(service_name)

    return state_task_service_for


def _unpack_single_values() -> None:
    """Make a path that can match only one value return that value: `$.a[1].n`, not a list of one."""
    module: Any = json_path
    original = module.extract_json

    def extract_json(path: str, data: Any) -> Any:  # noqa: ANN401 - any JSON
        if _INDEFINITE_PATH.search(path):
            return original(path, data)
        matches = module.parse(path).find(data)
        if not matches:
            raise module.NoSuchJsonPathError(json_path=path, data=data)
        return matches[0].value

    for name, importer in list(sys.modules.items()):
        if name.startswith("moto.stepfunctions.") and getattr(importer, "extract_json", None) is original:
            patch_attribute(importer, "extract_json", lambda _: extract_json)


def _sign_as_the_role() -> None:
    """Sign the calls of a state as the role of its state machine.

    Clients are created one at a time, because creating them is not thread-safe in boto3.
    """
    module: Any = boto_client
    original, making = module.boto_client_for, threading.Lock()

    def boto_client_for(region: str, service: str, state_credentials: Any = None) -> Any:  # noqa: ANN401
        with making:
            made = original(region, service)
        if state_credentials is not None and state_credentials.role_arn:
            key = access_key_of(state_credentials.role_arn)
            made._request_signer._credentials = Credentials(key, "as the role")
        return made

    for name, importer in list(sys.modules.items()):
        is_importer = name.startswith(("moto.stepfunctions.", "local_cloud."))
        if is_importer and getattr(importer, "boto_client_for", None) is original:
            patch_attribute(importer, "boto_client_for", lambda _: boto_client_for)


def _delayed_while_paused(original: Callable[..., None], paused: Breakpoints) -> Callable[..., None]:
    """Delay a paused state after it is entered and before it does anything."""

    def _eval_state_input(self: CommonStateField, env: Environment) -> None:
        while paused.is_paused(self.name) and env.is_running():
            time.sleep(_PAUSE_POLL_SECONDS)
        original(self, env)

    return _eval_state_input


def _with_bodies_as_text(original: Callable[..., None]) -> Callable[..., None]:
    """Send a blob that is a JSON object as its text, because boto3 takes bytes."""

    def eval_service_task(
        self: StateTaskServiceAwsSdk, *, normalised_parameters: dict[str, Any], **others: object
    ) -> None:
        body = normalised_parameters.get("Body")
        if isinstance(body, dict | list):
            normalised_parameters = {**normalised_parameters, "Body": json.dumps(body, separators=(",", ":")).encode()}
        original(self, normalised_parameters=normalised_parameters, **others)

    return eval_service_task
