"""Creates, updates and deletes stacks. A failed creation or update is rolled back, as CloudFormation does."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from moto.cloudformation.exceptions import AlreadyExistsException, ValidationError
from moto.cloudformation.models import CloudFormationBackend, Stack
from moto.cloudformation.parsing import OutputMap
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import ActionResult

from local_cloud.cloudformation.stack_resources import ResourceError, StackResources, cause_of
from local_cloud.core.patching import patch_attribute

_LOG = logging.getLogger(__name__)
_UPDATABLE = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"}


def install() -> None:
    """Apply the changes to moto's CloudFormation."""
    patch_attribute(CloudFormationBackend, "create_stack", _rolling_back_creation)
    patch_attribute(CloudFormationBackend, "delete_stack", lambda _: _delete_stack)
    patch_attribute(CloudFormationResponse, "_validate_status", lambda _: _check_updatable)
    patch_attribute(Stack, "update", lambda _: _update)
    patch_attribute(Stack, "delete", lambda _: _delete)
    call: Any = _update_termination_protection
    CloudFormationResponse.update_termination_protection = call  # type: ignore[attr-defined]


def _rolling_back_creation(original: Callable[..., Stack]) -> Callable[..., Stack]:
    def create_stack(self: CloudFormationBackend, name: str, *args: object, **kwargs: object) -> Stack:
        try:
            stack = original(self, name, *args, **kwargs)
            if stack.status == "CREATE_COMPLETE":
                _ = stack.outputs  # an output may import a missing export
        except AlreadyExistsException:
            raise
        except Exception as error:
            started = next((each for each in self.stacks.values() if each.name == name), None)
            if started is None:  # the request is invalid
                raise
            _LOG.exception("cannot create the stack %s", name)
            _roll_back_creation(self, started, error)
            return started
        return stack

    return create_stack


def _roll_back_creation(backend: CloudFormationBackend, stack: Stack, error: Exception) -> None:
    _change_status(stack, "ROLLBACK_IN_PROGRESS", f"{_reason(error)} Rollback requested by user.")
    _remove_exports(backend, stack)
    resources: Any = stack.resource_map
    failed = StackResources(stack).delete(resources._resource_json_map, rolling_back=True)
    _keep_only(stack, failed)
    stack.output_map = OutputMap(stack.resource_map, {}, stack.stack_id)
    _change_status(stack, "ROLLBACK_FAILED" if failed else "ROLLBACK_COMPLETE", _names(failed, "delete"))


@dataclass(frozen=True, kw_only=True)
class _Content:
    """The template of a stack and the values of its parameters."""

    template: str
    parameters: dict[str, Any]

    def load_into(self, stack: Stack, *, also: Mapping[str, Any]) -> None:
        """Make this the content of a stack, with the definitions of further resources."""
        resources: Any = stack.resource_map
        stack.template, stack.parameters = self.template, self.parameters
        stack._parse_template()
        resources._template, resources.input_parameters = stack.template_dict, self.parameters
        resources._resource_json_map = {**also, **stack.template_dict["Resources"]}
        resources.load_mapping()
        resources.load_parameters()
        resources.load_conditions()
        stack.output_map = stack._create_output_map()


def _update(
    stack: Stack,
    template: str,
    role_arn: str | None = None,
    parameters: dict[str, Any] | None = None,
    tags: dict[str, str] | None = None,
) -> None:
    """Create and change resources, then delete the resources that the template no longer has."""
    previous = _Content(template=stack.template, parameters=stack.parameters)  # type: ignore[arg-type]
    following = _Content(template=template, parameters=parameters or stack.parameters)
    resources: Any = stack.resource_map
    before = dict(resources._resource_json_map)
    change = resources.build_resource_diff(Stack.parse_template(template), parameters)
    _change_status(stack, "UPDATE_IN_PROGRESS", "User Initiated")
    try:
        following.load_into(stack, also=before)
        for name in change["Add"]:
            _ = resources[name]
        if failed := StackResources(stack).modify(change["Modify"]):
            raise _UpdateError(_names(failed, "update"))
        _ = stack.outputs
    except Exception as error:
        _LOG.exception("cannot update the stack %s", stack.name)
        _roll_back_update(stack, previous, change, error)
        return
    stack.role_arn, stack.tags = role_arn, stack.tags if tags is None else tags
    StackResources(stack).delete({name: before[name] for name in change["Remove"]})
    _keep_only(stack, stack.template_dict["Resources"])
    _change_status(stack, "UPDATE_COMPLETE")


def _roll_back_update(stack: Stack, previous: _Content, change: Mapping[str, list[str]], error: Exception) -> None:
    _change_status(stack, "UPDATE_ROLLBACK_IN_PROGRESS", _reason(error))
    resources: Any = stack.resource_map
    added = {name: resources._resource_json_map[name] for name in change["Add"]}
    previous.load_into(stack, also=added)
    own = StackResources(stack)
    failed = own.modify(own.created(change["Modify"])[::-1]) | own.delete(added, rolling_back=True)
    _keep_only(stack, stack.template_dict["Resources"])
    _change_status(stack, "UPDATE_ROLLBACK_FAILED" if failed else "UPDATE_ROLLBACK_COMPLETE", _names(failed, "update"))


class _UpdateError(Exception):
    """Resources cannot be changed."""


def _check_updatable(_response: object, stack: Stack) -> None:
    if stack.status not in _UPDATABLE:
        message = f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated."
        raise ValidationError(stack.stack_id, message=message)


def _delete_stack(self: CloudFormationBackend, name_or_stack_id: str) -> None:
    stack = next((each for each in self.stacks.values() if name_or_stack_id in (each.name, each.stack_id)), None)
    if stack is None:
        return
    if stack.enable_termination_protection:
        message = f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
        raise ValidationError(stack.stack_id, message=message)
    stack.delete()
    if stack.status == "DELETE_COMPLETE":
        self.deleted_stacks[stack.stack_id] = self.stacks.pop(stack.stack_id)
        _remove_exports(self, stack)


def _remove_exports(backend: CloudFormationBackend, stack: Stack) -> None:
    for name in [name for name, export in backend.exports.items() if export.exporting_stack_id == stack.stack_id]:
        del backend.exports[name]


def _delete(stack: Stack) -> None:
    _change_status(stack, "DELETE_IN_PROGRESS", "User Initiated")
    resources: Any = stack.resource_map
    failed = StackResources(stack).delete(resources._resource_json_map)
    _keep_only(stack, failed)
    _change_status(stack, "DELETE_FAILED" if failed else "DELETE_COMPLETE", _names(failed, "delete"))


def _update_termination_protection(self: Any) -> ActionResult:  # noqa: ANN401 - moto's response
    stack = self.cloudformation_backend.get_stack(self._get_param("StackName"))
    stack.enable_termination_protection = self._get_bool_param("EnableTerminationProtection")
    return ActionResult({"StackId": stack.stack_id})


def _keep_only(stack: Stack, names: Mapping[str, Any]) -> None:
    """Forget the definitions of all other resources. Otherwise moto creates them again when it lists them."""
    resources: Any = stack.resource_map
    known = resources._resource_json_map
    resources._resource_json_map = {name: known[name] for name in known if name in names}


def _change_status(stack: Stack, status: str, reason: str | None = None) -> None:
    stack.status = status
    stack._add_stack_event(status, resource_status_reason=reason)


def _reason(error: Exception) -> str:
    if isinstance(error, ResourceError):
        return f"The following resource(s) failed to create: [{error.logical_id}]."
    return str(error) if isinstance(error, _UpdateError) else f"{cause_of(error)}."


def _names(failed: Mapping[str, str], verb: str) -> str | None:
    return f"The following resource(s) failed to {verb}: [{', '.join(sorted(failed))}]." if failed else None
