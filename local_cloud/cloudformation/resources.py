"""Resources of CloudFormation types that moto does not know: those that are made in moto's services."""

from contextlib import suppress
from typing import Any

from moto.core.common_models import CloudFormationModel
from moto.glue.exceptions import DatabaseNotFoundException
from moto.glue.models import glue_backends
from moto.scheduler.exceptions import ScheduleGroupNotFound, ScheduleNotFound
from moto.scheduler.models import scheduler_backends


class Resource(CloudFormationModel):
    """What is made and what is recorded only share: properties, a name, and one attribute for all."""

    type_name = ""

    def __init__(self, name: str, properties: dict[str, Any], *, account: str, region: str) -> None:
        self.name, self.properties, self.account, self.region = name, properties, account, region

    @property
    def physical_resource_id(self) -> str:
        """What Ref answers."""
        return self.name

    @classmethod
    def cloudformation_type(cls) -> str:
        """As moto asks for the type."""
        return cls.type_name

    @staticmethod
    def cloudformation_name_type() -> str:
        """The property that holds the name."""
        return "Name"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:  # noqa: ARG003
        """Whether it answers Fn::GetAtt: always."""
        return True

    def get_cfn_attribute(self, attribute_name: str) -> str:
        """An ARN for whatever ends in Arn, the name for all else."""
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
    ) -> "Resource":
        """A new one, made."""
        resource = cls(resource_name, cloudformation_json.get("Properties", {}), account=account_id, region=region_name)
        resource.make()
        return resource

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: "Resource",
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> "Resource":
        """A new one in the place of the old."""
        properties = cloudformation_json.get("Properties", {})
        name = properties.get("Name", original_resource.name if original_resource else new_resource_name)
        original_resource.unmake()
        return cls.create_from_cloudformation_json(name, cloudformation_json, account_id, region_name)

    def delete(self, _account_id: str, _region_name: str) -> None:
        """Removes it, as moto asks for it."""
        self.unmake()

    def make(self) -> None:
        """Makes the resource in its service."""

    def unmake(self) -> None:
        """Removes the resource from its service."""


def _scheduler(resource: Resource) -> Any:  # noqa: ANN401
    return scheduler_backends[resource.account][resource.region]


class ScheduleGroup(Resource):
    """A schedule group, in moto's scheduler."""

    type_name = "AWS::Scheduler::ScheduleGroup"

    def make(self) -> None:
        """Creates the group."""
        _scheduler(self).create_schedule_group(self.name, self.properties.get("Tags", []))

    def unmake(self) -> None:
        """Deletes the group."""
        with suppress(KeyError):
            _scheduler(self).delete_schedule_group(self.name)


class Schedule(Resource):
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


class Database(Resource):
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
