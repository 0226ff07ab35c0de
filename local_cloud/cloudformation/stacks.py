"""Answers requests about stacks as CloudFormation does.

Moto differs in three ways:

- Moto answers an invalid request with an internal server error without a cause. Here the answer has the cause.
- Moto computes the outputs of a deleted stack, and for that it creates the exported resources again. The CDK CLI reads
  a stack after its deletion, and would thus restore buckets and tables. Here a deleted stack keeps its last outputs.
- Moto shows only the value of an SSM parameter, not its name, so the CDK CLI sees a change at every deployment. Here
  the answer has both. A parameter that was never set keeps its default when an update asks for the previous value.
"""

import logging
from collections.abc import Callable
from typing import Any

from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import CloudFormationBackend, Stack
from moto.core.exceptions import ServiceException
from werkzeug.exceptions import HTTPException

from local_cloud.cloudformation import rollback
from local_cloud.core.patching import patch_attribute

_LOG = logging.getLogger(__name__)
_SSM_TYPE = "AWS::SSM::Parameter::"


def install() -> None:
    """Apply the changes to moto's CloudFormation."""
    rollback.install()
    for call in ("create_stack", "update_stack", "delete_stack"):
        patch_attribute(CloudFormationBackend, call, _reporting_the_cause)
    _keep_last_outputs()
    patch_attribute(Stack, "parameter_list", _showing_parameter_names)
    patch_attribute(CloudFormationBackend, "_resolve_update_parameters", _keeping_defaults)


def _reporting_the_cause(original: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: object, **kwargs: object) -> Any:  # noqa: ANN401 - as the original
        try:
            return original(*args, **kwargs)
        except (ServiceException, HTTPException):
            raise
        except Exception as error:
            _LOG.exception("cannot create, update or delete a stack")
            raise ValidationError(message=f"{type(error).__name__}: {error}") from error

    return call


def _keep_last_outputs() -> None:
    """Keep a stack's outputs when it is deleted, and return them from then on."""
    last: dict[str, Any] = {}  # by stack id

    def keeping_outputs(original: Callable[[Any], None]) -> Callable[[Any], None]:
        def delete(self: Stack) -> None:
            last[self.stack_id] = self.outputs
            original(self)

        return delete

    def kept_outputs(original: property) -> property:
        read = original.fget
        assert read is not None
        return property(lambda stack: last[stack.stack_id] if stack.stack_id in last else read(stack))

    patch_attribute(Stack, "delete", keeping_outputs)
    patch_attribute(Stack, "outputs", kept_outputs)


def _showing_parameter_names(original: property) -> property:
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


def _with_name(entry: dict[str, Any], declared: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    key = entry["ParameterKey"]
    parameter = declared.get(key, {})
    if not str(parameter.get("Type", "")).startswith(_SSM_TYPE):
        return entry
    name = values.get(key, parameter.get("Default"))
    return {**entry, "ParameterValue": name, "ResolvedValue": entry["ParameterValue"]}
