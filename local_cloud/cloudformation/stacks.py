"""Stacks as CloudFormation makes, changes, shows and deletes them.

Moto differs in three ways:

- It answers with an internal server error that names no cause, and keeps half a stack. Here the answer names the
  reason, and a stack that was never made is not there.
- It computes the outputs of a deleted stack, and makes its exported resources again for that. The CDK CLI reads a stack
  once more after its deletion, and would bring back buckets and tables. Here a deleted stack keeps its last outputs.
- It shows only the value of a parameter that names an SSM parameter, so the CDK CLI sees a change at every deployment.
  Here the name comes with the value. A parameter that was never given keeps its default when an update asks for the
  previous value.
"""

import logging
from collections.abc import Callable
from typing import Any

from moto.cloudformation.exceptions import AlreadyExistsException, ValidationError
from moto.cloudformation.models import CloudFormationBackend, Stack
from moto.core.exceptions import ServiceException
from werkzeug.exceptions import HTTPException

from local_cloud.core.patching import replace

_LOG = logging.getLogger(__name__)
_SSM_TYPE = "AWS::SSM::Parameter::"


def install() -> None:
    """Puts the differences into moto's CloudFormation."""
    replace(CloudFormationBackend, "create_stack", _whole_or_not_at_all)
    for call in ("update_stack", "delete_stack"):
        replace(CloudFormationBackend, call, _telling_why)
    _keep_last_outputs()
    replace(Stack, "parameter_list", _telling_names)
    replace(CloudFormationBackend, "_resolve_update_parameters", _keeping_defaults)


def _whole_or_not_at_all(original: Callable[..., Any]) -> Callable[..., Any]:
    make = _telling_why(original)

    def create_stack(self: CloudFormationBackend, name: str, *args: object, **kwargs: object) -> Stack:
        try:
            stack: Stack = make(self, name, *args, **kwargs)
            if stack.status.endswith("_COMPLETE"):
                _telling_why(lambda made: made.outputs)(stack)
        except AlreadyExistsException:
            raise
        except Exception:
            for stack_id in [key for key, stack in self.stacks.items() if stack.name == name]:
                self.stacks.pop(stack_id)
            raise
        return stack

    return create_stack


def _telling_why(original: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: object, **kwargs: object) -> Any:  # noqa: ANN401 - as the original
        try:
            return original(*args, **kwargs)
        except (ServiceException, HTTPException):
            raise
        except Exception as error:
            _LOG.exception("a stack could not be made, changed or deleted")
            raise ValidationError(message=f"{type(error).__name__}: {error}") from error

    return call


def _keep_last_outputs() -> None:
    """Notes a stack's outputs when it is deleted, and returns them from then on."""
    last: dict[str, Any] = {}  # by stack id

    def noting(original: Callable[[Any], None]) -> Callable[[Any], None]:
        def delete(self: Stack) -> None:
            last[self.stack_id] = self.outputs
            original(self)

        return delete

    def as_noted(original: property) -> property:
        read = original.fget
        assert read is not None
        return property(lambda stack: last[stack.stack_id] if stack.stack_id in last else read(stack))

    replace(Stack, "delete", noting)
    replace(Stack, "outputs", as_noted)


def _telling_names(original: property) -> property:
    read = original.fget
    assert read is not None

    def parameter_list(stack: Stack) -> list[dict[str, Any]]:
        declared = stack.template_dict.get("Parameters", {})
        return [_with_name(entry, declared, stack.resource_map.input_parameters) for entry in read(stack)]

    return property(parameter_list)


def _keeping_defaults(original: Callable[..., Any]) -> Callable[..., Any]:
    def _resolve_update_parameters(
        self: CloudFormationBackend, instance: Stack, incoming_params: list[dict[str, str]]
    ) -> dict[str, str]:
        known = [p for p in incoming_params if "ParameterValue" in p or p["ParameterKey"] in instance.parameters]
        resolved: dict[str, str] = original(self, instance, known)
        return resolved

    return _resolve_update_parameters


def _with_name(entry: dict[str, Any], declared: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    key = entry["ParameterKey"]
    parameter = declared.get(key, {})
    if not str(parameter.get("Type", "")).startswith(_SSM_TYPE):
        return entry
    name = given.get(key, parameter.get("Default"))
    return {**entry, "ParameterValue": name, "ResolvedValue": entry["ParameterValue"]}
