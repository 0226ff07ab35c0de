"""CloudFormation resource types that moto does not know: some are made, all others are recorded.

A recorded type is in the stack, has a physical id, and answers Ref and Fn::GetAtt; nothing enforces or acts on it.
"""

import logging
from typing import Any

from moto.awslambda.utils import get_backend as get_lambda_backend
from moto.cloudformation import cloudformation_backends, parsing
from moto.cloudformation.custom_model import CustomModel
from moto.core.common_models import CloudFormationModel
from moto.scheduler.models import scheduler_backends

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


class ScheduleGroup(_Resource):
    """A schedule group, in moto's scheduler."""

    type_name = "AWS::Scheduler::ScheduleGroup"

    def make(self) -> None:
        """Creates the group."""
        scheduler_backends[self.account][self.region].create_schedule_group(self.name, self.properties.get("Tags", []))

    def unmake(self) -> None:
        """Deletes the group."""
        scheduler_backends[self.account][self.region].delete_schedule_group(self.name)


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
        scheduler_backends[self.account][self.region].create_schedule(
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
        scheduler_backends[self.account][self.region].delete_schedule(self.properties.get("GroupName"), self.name)

    def get_cfn_attribute(self, attribute_name: str) -> str:
        """The ARN as the scheduler writes it."""
        assert attribute_name == "Arn", attribute_name
        backend = scheduler_backends[self.account][self.region]
        arn: str = backend.get_schedule(self.properties.get("GroupName"), self.name).arn
        return arn


def install() -> None:
    """Adds the types to moto's CloudFormation."""
    known = {**parsing.get_model_map(), ScheduleGroup.type_name: ScheduleGroup, Schedule.type_name: Schedule}
    recorded: dict[str, type[_Resource]] = {}
    class_from_type = parsing.resource_class_from_type
    name_property = parsing.resource_name_property_from_type

    def resource_class_from_type(resource_type: str) -> Any:  # noqa: ANN401
        if resource_type.startswith("Custom::") or resource_type == "AWS::CloudFormation::CustomResource":
            return CustomModel
        if resource_type in known and resource_type not in _ENFORCED_WRONGLY:
            return known[resource_type]
        if resource_type in parsing.NULL_MODELS or resource_type == "AWS::CDK::Metadata":
            return class_from_type("AWS::CloudFormation::WaitCondition")
        if resource_type not in recorded:
            _LOG.warning("%s is recorded only: nothing acts on it", resource_type)
            recorded[resource_type] = type("Recorded", (_Resource,), {"type_name": resource_type})
        return recorded[resource_type]

    def resource_name_property_from_type(resource_type: str) -> str | None:
        if resource_type in known:
            return name_property(resource_type) or known[resource_type].cloudformation_name_type()
        return None

    parsing.resource_class_from_type = resource_class_from_type
    parsing.resource_name_property_from_type = resource_name_property_from_type
    _pass_custom_resources_that_cannot_run()


def _pass_custom_resources_that_cannot_run() -> None:
    """A custom resource whose function is not Python is recorded: the stack would wait for its answer for ever."""
    create = CustomModel.create_from_cloudformation_json

    def create_from_cloudformation_json(
        _class: type[CustomModel],
        resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
        **kwargs: Any,  # noqa: ANN401
    ) -> CustomModel:
        token = cloudformation_json["Properties"]["ServiceToken"]
        function = get_lambda_backend(account_id, region_name).get_function(token)
        if str(function.run_time).startswith("python"):
            return create(resource_name, cloudformation_json, account_id, region_name, **kwargs)
        _LOG.warning("%s is recorded only: its function is not Python", kwargs["ResourceType"])
        resource = CustomModel(region_name, "", kwargs["LogicalId"], resource_name)
        resource.set_data({})
        cloudformation_backends[account_id][region_name].get_stack(kwargs["StackId"]).add_custom_resource(resource)
        return resource

    CustomModel.create_from_cloudformation_json = classmethod(create_from_cloudformation_json)
