"""Creates, updates and deletes the resources of one stack, and records an event for each.

In these ways moto differs from CloudFormation:

- It has no events of resources.
- It creates a resource that another one refers to without the resources in its DependsOn.
- If a resource has the fixed name of another one, some services of moto return the other one.
- It deletes a resource although its DeletionPolicy retains it: in an update, and with RetainExceptOnCreate.
- It reports that it deleted a bucket with objects, but keeps the bucket.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from moto.cloudformation import parsing
from moto.cloudformation.models import Event, Stack, cloudformation_backends
from moto.s3.exceptions import S3ClientError
from moto.s3.models import FakeBucket, s3_backends

from local_cloud.core.patching import patch_attribute
from local_cloud.core.resource_faults import ResourceFaults


class ResourceError(Exception):
    """A resource cannot be created. The message has the cause.

    Attributes:
        logical_id: The resource's logical id.
    """

    def __init__(self, logical_id: str, cause: str) -> None:
        super().__init__(cause)
        self.logical_id = logical_id


class StackResources:
    """The resources of a stack."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._map: Any = stack.resource_map

    def created(self, names: Iterable[str]) -> list[str]:
        """Return the names of the existing resources among `names`, latest first."""
        wanted = set(names)
        parsed = self._map._parsed_resources
        return [name for name in reversed(parsed) if name in wanted and parsed[name] is not None]

    def modify(self, names: Iterable[str]) -> dict[str, str]:
        """Change resources to their properties in the stack's template. Return the causes of failures, by name."""

        def modify(name: str) -> None:
            definition = self._map._resource_json_map[name]
            place = {"account_id": self._map._account_id, "region_name": self._map._region_name}
            changed: Any = parsing.parse_and_update_resource(name, definition, self._map, **place)
            if changed is not None:  # moto cannot update every type
                self._map._parsed_resources[name] = changed

        return self._for_each(names, modify, verb="UPDATE")

    def delete(self, definitions: Mapping[str, Any], *, rolling_back: bool = False) -> dict[str, str]:
        """Delete resources, except those that their DeletionPolicy retains. Return the causes of failures, by name.

        Args:
            definitions: The resources in the template, by name.
            rolling_back: Whether the failed operation has created the resources.
        """
        kept = {"Retain"} if rolling_back else {"Retain", "RetainExceptOnCreate"}
        existing = self.created(definitions)
        retained = {name for name in existing if definitions[name].get("DeletionPolicy") in kept}
        for name in retained:
            _RETAINED.append(self._map._parsed_resources[name])
            record_event(self._stack, name, "DELETE_SKIPPED")
            del self._map._parsed_resources[name]

        def delete(name: str) -> None:
            self._map._delete_resource(self._map._parsed_resources[name], definitions[name])

        failed = self._for_each([name for name in existing if name not in retained], delete, verb="DELETE")
        for name in set(existing) - retained - set(failed):
            del self._map._parsed_resources[name]
        return failed

    def _for_each(self, names: Iterable[str], action: Callable[[str], None], *, verb: str) -> dict[str, str]:
        """Repeat the action for resources that fail, as long as others succeed: they may depend on each other."""
        remaining = list(names)
        while True:
            failed: dict[str, str] = {}
            for name in remaining:
                try:
                    action(name)
                except Exception as error:
                    failed[name] = cause_of(error)
                else:
                    record_event(self._stack, name, f"{verb}_COMPLETE")
            if len(failed) in (0, len(remaining)):
                break
            remaining = list(failed)
        for name, cause in failed.items():
            record_event(self._stack, name, f"{verb}_FAILED", cause)
        return failed


# The resources that deleted and rolled-back stacks have left.
_RETAINED: list[Any] = []


def install(faults: ResourceFaults) -> None:
    """Apply the changes to moto's CloudFormation.

    Args:
        faults: The failures that a test requests.
    """
    patch_attribute(parsing, "parse_and_create_resource", lambda original: _with_events(original, faults))
    patch_attribute(FakeBucket, "delete_from_cloudformation_json", _refusing_objects)


def record_event(stack: Stack, name: str, status: str, reason: str | None = None) -> None:
    """Add an event about a resource to a stack."""
    resource: Any = stack.resource_map._parsed_resources.get(name)
    definition = stack.resource_map._resource_json_map.get(name, {})
    stack.events.append(
        Event(
            stack_id=stack.stack_id,
            stack_name=stack.name,
            logical_resource_id=name,
            physical_resource_id=getattr(resource, "physical_resource_id", None) or "",
            resource_type=getattr(resource, "cf_resource_type", None) or definition.get("Type", ""),
            resource_status=status,
            resource_status_reason=reason,
            resource_properties=None,
        )
    )


def cause_of(error: Exception) -> str:
    """Return an error's cause as CloudFormation words the errors of services, or Python's own words."""
    if isinstance(error, ResourceError):
        return str(error)
    message = getattr(error, "message", None) or getattr(error, "description", None)
    return f'Resource handler returned message: "{message}"' if message else f"{type(error).__name__}: {error}"


def _with_events(original: Callable[..., Any], faults: ResourceFaults) -> Callable[..., Any]:
    def parse_and_create_resource(logical_id: str, definition: dict[str, Any], resources_map: Any, **place: str) -> Any:  # noqa: ANN401 - a resource of any type
        stack = cloudformation_backends[place["account_id"]][place["region_name"]].stacks.get(resources_map.stack_id)
        try:
            needed = definition.get("DependsOn", [])
            for name in [needed] if isinstance(needed, str) else needed:
                _ = resources_map[name]
            if requested := faults.take(definition["Type"]):
                raise ResourceError(logical_id, f'Resource handler returned message: "{requested}"')
            resource = original(logical_id, definition, resources_map, **place)
            if any(resource is other for other in _all_resources(**place)):
                identifier = resource.physical_resource_id
                raise ResourceError(logical_id, f"{identifier} already exists")
        except ResourceError as error:
            if stack is not None and error.logical_id == logical_id:  # or a resource that this one needs has failed
                record_event(stack, logical_id, "CREATE_FAILED", str(error))
            raise
        except Exception as error:
            if stack is not None:
                record_event(stack, logical_id, "CREATE_FAILED", cause_of(error))
            raise ResourceError(logical_id, cause_of(error)) from error
        if stack is not None and resource is not None:
            resources_map._parsed_resources[logical_id] = resource
            record_event(stack, logical_id, "CREATE_COMPLETE")
        return resource

    return parse_and_create_resource


def _all_resources(*, account_id: str, region_name: str) -> Iterable[Any]:
    """Return the resources of all stacks, and the retained resources. None stands for types that moto ignores."""
    stacks: Any = list(cloudformation_backends[account_id][region_name].stacks.values())
    mine = [each for stack in stacks for each in stack.resource_map._parsed_resources.values()]
    return [each for each in (*mine, *_RETAINED) if hasattr(each, "logical_resource_id")]


def _refusing_objects(original: Callable[..., None]) -> object:
    def delete_from_cloudformation_json(
        _model: object, /, name: str, definition: dict[str, Any], account: str, region: str
    ) -> None:
        original(name, definition, account, region)
        if name in s3_backends[account]["aws"].buckets:
            raise S3ClientError("BucketNotEmpty", "The bucket you tried to delete is not empty")

    return classmethod(delete_from_cloudformation_json)
