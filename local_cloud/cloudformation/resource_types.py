"""CloudFormation resource types that moto does not support: some are created, all others are only recorded.

A recorded resource is in the stack, has a physical id, and answers Ref and Fn::GetAtt. It has no other effect.
"""

import functools
import json
import logging
from collections.abc import Callable
from typing import Any

from moto.cloudformation import parsing
from moto.cloudformation.custom_model import CustomModel
from moto.core.common_models import CloudFormationModel
from moto.ecr.models import Repository
from moto.kms.models import Key
from moto.logs.models import LogGroup
from moto.s3.models import FakeBucket

from local_cloud.cloudformation import custom_resources, network_resources, policies, stack_resources, stacks
from local_cloud.cloudformation.policies import BucketPolicy, QueuePolicy, TopicPolicy
from local_cloud.cloudformation.resources import Database, Resource, Schedule, ScheduleGroup, WorkGroup
from local_cloud.core.patching import patch_attribute
from local_cloud.core.resource_faults import ResourceFaults

_LOG = logging.getLogger(__name__)


def install(faults: ResourceFaults) -> None:
    """Add the types to moto's CloudFormation.

    Args:
        faults: The failures that a test requests.
    """
    made = (ScheduleGroup, Schedule, Database, WorkGroup, BucketPolicy, TopicPolicy, QueuePolicy)
    own: dict[str, type[CloudFormationModel]] = {each.type_name: each for each in made}
    known: dict[str, type[CloudFormationModel]] = {**parsing.get_model_map(), **own}

    def with_own_names(original: Callable[[str], str | None]) -> Callable[[str], str | None]:
        def resource_name_property_from_type(resource_type: str) -> str | None:
            return "Name" if resource_type in own else original(resource_type)

        return resource_name_property_from_type

    patch_attribute(parsing, "resource_class_from_type", lambda _: functools.partial(_class_from_type, known=known))
    patch_attribute(parsing, "resource_name_property_from_type", with_own_names)
    patch_attribute(Key, "create_from_cloudformation_json", _with_policy_as_text)
    patch_attribute(FakeBucket, "create_from_cloudformation_json", _with_versions)
    patch_attribute(LogGroup, "get_cfn_attribute", _with_its_streams)
    patch_attribute(parsing.ResourceMap, "_delete_resource", _emptying_repositories)
    policies.install()
    network_resources.install()
    stack_resources.install(faults)
    stacks.install()
    custom_resources.install()


def _class_from_type(
    resource_type: str, *, known: dict[str, type[CloudFormationModel]]
) -> type[CloudFormationModel] | None:
    """Return the class for a resource type; None if moto ignores the type."""
    if resource_type.startswith("Custom::") or resource_type == "AWS::CloudFormation::CustomResource":
        return CustomModel
    if resource_type in known:
        return known[resource_type]
    if resource_type in (*parsing.NULL_MODELS, "AWS::CDK::Metadata"):
        return None
    return _recorded(resource_type)


@functools.cache
def _recorded(resource_type: str) -> type[Resource]:
    _LOG.warning("%s is recorded only: nothing acts on it", resource_type)
    return type("Recorded", (Resource,), {"type_name": resource_type})


def _with_its_streams(original: Callable[..., str]) -> Callable[..., str]:
    """Append `:*` to the ARN of a log group, as CloudFormation does, so that the ARN covers the group's streams."""

    def get_cfn_attribute(self: LogGroup, attribute_name: str) -> str:
        return original(self, attribute_name) + (":*" if attribute_name == "Arn" else "")

    return get_cfn_attribute


def _with_versions(original: Callable[..., Any]) -> object:
    """Enable the versions of a bucket whose template asks for them."""

    def create_from_cloudformation_json(
        _model: object, /, name: str, definition: dict[str, Any], *place: object, **kwargs: object
    ) -> object:
        bucket = original(name, definition, *place, **kwargs)
        if definition.get("Properties", {}).get("VersioningConfiguration", {}).get("Status") == "Enabled":
            bucket.versioning_status = "Enabled"
        return bucket

    return classmethod(create_from_cloudformation_json)


def _emptying_repositories(original: Callable[..., None]) -> Callable[..., None]:
    """Empty a repository before it is deleted, if its template asks for that. ECR refuses to delete one with images."""

    def _delete_resource(self: parsing.ResourceMap, parsed_resource: object, resource_json: dict[str, Any]) -> None:
        if isinstance(parsed_resource, Repository) and resource_json.get("Properties", {}).get("EmptyOnDelete"):
            parsed_resource.images.clear()
        original(self, parsed_resource, resource_json)

    return _delete_resource


def _with_policy_as_text(original: Callable[..., Any]) -> object:
    """Convert a key's policy to text and its tags to KMS's format, as the rest of moto expects them."""

    def create_from_cloudformation_json(
        _model: object, /, name: str, definition: dict[str, Any], *place: object, **kwargs: object
    ) -> object:
        properties = dict(definition["Properties"])
        if "KeyPolicy" in properties:
            properties["KeyPolicy"] = json.dumps(properties["KeyPolicy"])
        tags = properties.get("Tags", [])
        properties["Tags"] = [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in tags]
        return original(name, {**definition, "Properties": properties}, *place, **kwargs)

    return classmethod(create_from_cloudformation_json)
