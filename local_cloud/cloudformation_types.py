"""CloudFormation resource types that moto does not know: some are made, all others are recorded.

A recorded type is in the stack, has a physical id, and answers Ref and Fn::GetAtt; nothing enforces or acts on it.
"""

import json
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from moto.cloudformation import parsing
from moto.cloudformation.custom_model import CustomModel
from moto.core.common_models import CloudFormationModel
from moto.glue.exceptions import DatabaseNotFoundException
from moto.glue.models import glue_backends
from moto.kms.models import Key
from moto.logs.models import LogGroup
from moto.s3.models import FakeBucket
from moto.scheduler.exceptions import ScheduleGroupNotFound, ScheduleNotFound
from moto.scheduler.models import scheduler_backends

from local_cloud import custom_resources, stack_errors, stack_outputs, stack_parameters
from local_cloud.patching import replace

_LOG = logging.getLogger(__name__)
_ENFORCED_WRONGLY = {"AWS::S3::BucketPolicy"}  # moto would apply a Deny without its Condition: every put would fail


class _Resource(CloudFormationModel):
    """What both kinds share: properties, a name, and one attribute for all."""

    type_name = ""

    def __init__(self, name: str, properties: dict[str, Any], *, account: str, region: str) -> None:
        self.name, self.properties, self.account, self.region = name, properties, account, region

    @property
    def physical_resource_id(self) -> str:
        return self.name

    @classmethod
    def cloudformation_type(cls) -> str:
        return cls.type_name

    @staticmethod
    def cloudformation_name_type() -> str:
        return "Name"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:  # noqa: ARG003
        return True

    def get_cfn_attribute(self, attribute_name: str) -> str:
        service, kind = self.type_name.split("::")[1:3]
        arn = f"arn:aws:{service.lower()}:{self.region}:{self.account}:{kind.lower()}/{self.name}"
        return arn if attribute_name.endswith("Arn") else self.name

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
        **_kwargs: Any,  # noqa: ANN401
    ) -> "_Resource":
        resource = cls(resource_name, cloudformation_json.get("Properties", {}), account=account_id, region=region_name)
        resource.make()
        return resource

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: "_Resource",
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> "_Resource":
        properties = cloudformation_json.get("Properties", {})
        name = properties.get("Name", original_resource.name if original_resource else new_resource_name)
        original_resource.unmake()
        return cls.create_from_cloudformation_json(name, cloudformation_json, account_id, region_name)

    def delete(self, _account_id: str, _region_name: str) -> None:
        self.unmake()

    def make(self) -> None:
        """Makes the resource in its service."""

    def unmake(self) -> None:
        """Removes the resource from its service."""


def _scheduler(resource: _Resource) -> Any:  # noqa: ANN401
    return scheduler_backends[resource.account][resource.region]


class ScheduleGroup(_Resource):
    """A schedule group, in moto's scheduler."""

    type_name = "AWS::Scheduler::ScheduleGroup"

    def make(self) -> None:
        """Creates the group."""
        _scheduler(self).create_schedule_group(self.name, self.properties.get("Tags", []))

    def unmake(self) -> None:
        """Deletes the group."""
        with suppress(KeyError):
            _scheduler(self).delete_schedule_group(self.name)


class Schedule(_Resource):
    """A schedule, in moto's scheduler: it can be read; it never fires."""

    type_name = "AWS::Scheduler::Schedule"

    def make(self) -> None:
        """Creates the schedule."""
        given = self.properties.get
        target = dict(self.properties["Target"])
        if retry := target.get("RetryPolicy"):
            # CloudFormation hands numbers on as they are written; some templates write them as strings.
            target["RetryPolicy"] = {name: int(value) for name, value in retry.items()}
        _scheduler(self).create_schedule(
            description=given("Description"),
            end_date=given("EndDate"),
            flexible_time_window=self.properties["FlexibleTimeWindow"],
            group_name=given("GroupName"),
            kms_key_arn=given("KmsKeyArn"),
            name=self.name,
            schedule_expression=self.properties["ScheduleExpression"],
            schedule_expression_timezone=given("ScheduleExpressionTimezone"),
            start_date=given("StartDate"),
            state=given("State"),
            target=target,
            action_after_completion=None,
        )

    def unmake(self) -> None:
        """Deletes the schedule."""
        with suppress(ScheduleNotFound, ScheduleGroupNotFound):  # gone with its group
            _scheduler(self).delete_schedule(self.properties.get("GroupName"), self.name)

    def get_cfn_attribute(self, attribute_name: str) -> str:
        """The ARN as the scheduler writes it."""
        assert attribute_name == "Arn", attribute_name
        arn: str = _scheduler(self).get_schedule(self.properties.get("GroupName"), self.name).arn
        return arn


class Database(_Resource):
    """A database of the Glue catalogue, in moto's."""

    type_name = "AWS::Glue::Database"

    @property
    def _database(self) -> str:
        return str(self.properties["DatabaseInput"]["Name"])

    @property
    def physical_resource_id(self) -> str:
        """Its name, which lies deeper than that of other types."""
        return self._database

    def make(self) -> None:
        """Creates the database."""
        glue_backends[self.account][self.region].create_database(self._database, self.properties["DatabaseInput"])

    def unmake(self) -> None:
        """Deletes the database, with its tables."""
        with suppress(DatabaseNotFoundException):
            glue_backends[self.account][self.region].delete_database(self._database)


def install() -> None:
    """Adds the types to moto's CloudFormation."""
    made: dict[str, Any] = {kind.type_name: kind for kind in (ScheduleGroup, Schedule, Database)}
    known: dict[str, Any] = {**parsing.get_model_map(), **made}
    recorded: dict[str, Any] = {}

    def finding_every_type(original: Callable[[str], Any]) -> Callable[[str], Any]:
        def resource_class_from_type(resource_type: str) -> Any:  # noqa: ANN401
            if resource_type.startswith("Custom::") or resource_type == "AWS::CloudFormation::CustomResource":
                return CustomModel
            if resource_type in known and resource_type not in _ENFORCED_WRONGLY:
                return known[resource_type]
            if resource_type in (*parsing.NULL_MODELS, "AWS::CDK::Metadata"):
                return original(parsing.NULL_MODELS[0])
            if resource_type not in recorded:
                _LOG.warning("%s is recorded only: nothing acts on it", resource_type)
                recorded[resource_type] = type("Recorded", (_Resource,), {"type_name": resource_type})
            return recorded[resource_type]

        return resource_class_from_type

    def finding_every_name(original: Callable[[str], str | None]) -> Callable[[str], str | None]:
        def resource_name_property_from_type(resource_type: str) -> str | None:
            return "Name" if resource_type in made else original(resource_type)

        return resource_name_property_from_type

    replace(parsing, "resource_class_from_type", finding_every_type)
    replace(parsing, "resource_name_property_from_type", finding_every_name)
    replace(Key, "create_from_cloudformation_json", _as_the_key_service_writes)
    replace(FakeBucket, "create_from_cloudformation_json", _with_versions)
    replace(LogGroup, "get_cfn_attribute", _with_its_streams)
    stack_errors.install()
    stack_outputs.install()
    stack_parameters.install()
    custom_resources.install()


def _with_its_streams(original: Callable[..., str]) -> Callable[..., str]:
    """CloudFormation's ARN of a log group ends in `:*`, and so speaks of its streams."""

    def get_cfn_attribute(self: LogGroup, attribute_name: str) -> str:
        return original(self, attribute_name) + (":*" if attribute_name == "Arn" else "")

    return get_cfn_attribute


def _with_versions(original: Callable[..., Any]) -> object:
    """A bucket whose template says so keeps old versions."""

    def create_from_cloudformation_json(
        _model: object, /, name: str, definition: dict[str, Any], *place: object, **kwargs: object
    ) -> object:
        bucket = original(name, definition, *place, **kwargs)
        if definition.get("Properties", {}).get("VersioningConfiguration", {}).get("Status") == "Enabled":
            bucket.versioning_status = "Enabled"
        return bucket

    return classmethod(create_from_cloudformation_json)


def _as_the_key_service_writes(original: Callable[..., Any]) -> object:
    """Everywhere else in moto a key's policy is text, and its tags are named as KMS names them."""

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
