"""A stack's parameters as CloudFormation tells and keeps them.

One that names an SSM parameter says the name and what it resolved to; moto tells only the latter, so that the CDK CLI
would see a change on every deployment. One that was never given keeps its default when an update asks for the previous
value.
"""

from collections.abc import Callable
from typing import Any

from moto.cloudformation.models import CloudFormationBackend, Stack

from local_cloud.patching import replace

_SSM_TYPE = "AWS::SSM::Parameter::"


def install() -> None:
    """Puts the differences into moto's CloudFormation."""
    replace(Stack, "parameter_list", _telling_names)
    replace(CloudFormationBackend, "_resolve_update_parameters", _keeping_defaults)


def _telling_names(original: Any) -> Any:  # noqa: ANN401 - a property
    def parameter_list(stack: Any) -> list[dict[str, Any]]:  # noqa: ANN401
        declared = stack.template_dict.get("Parameters", {})
        return [_with_name(entry, declared, stack.resource_map.input_parameters) for entry in original.fget(stack)]

    return property(parameter_list)


def _keeping_defaults(original: Callable[..., Any]) -> Callable[..., Any]:
    def _resolve_update_parameters(self: Any, instance: Any, incoming_params: list[dict[str, Any]]) -> Any:  # noqa: ANN401
        known = [p for p in incoming_params if "ParameterValue" in p or p["ParameterKey"] in instance.parameters]
        return original(self, instance, known)

    return _resolve_update_parameters


def _with_name(entry: dict[str, Any], declared: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    key = entry["ParameterKey"]
    parameter = declared.get(key, {})
    if not str(parameter.get("Type", "")).startswith(_SSM_TYPE):
        return entry
    name = given.get(key, parameter.get("Default"))
    return {**entry, "ParameterValue": name, "ResolvedValue": entry["ParameterValue"]}
