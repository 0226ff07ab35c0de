"""Resources of CloudFormation types that moto does not support, created in moto's services."""

from contextlib import suppress
from typing import Any

from moto.athena.models import athena_backends
from moto.core.common_models import CloudFormationModel
from moto.core.exceptions import JsonRESTError
from moto.glue.exceptions import DatabaseNotFoundException
from moto.glue.models import glue_backends
from moto.scheduler.exceptions import ScheduleGroupNotFound, ScheduleNotFound
from moto.scheduler.models import scheduler_backends


class Resource(CloudFormationModel):
    """The base of created and of recorded resources: properties, a name, and an answer to every Fn::GetAtt."""

    type_name = ""

    def __init__(self, name: str, properties: dict[str, Any], *, account: str, region: str) -> None:
        self.name, self.properties, self.account, self.region = name, properties, account, region

    @property
    def physical_resource_id(self) -> str:
        """The value of Ref."""
        return self.name

    @classmethod
    def cloudformation_type(cls) -> str:
        """Return the CloudFormation type. Moto calls this method."""
        return cls.type_name

    @staticmethod
    def cloudformation_name_type() -> str:
        """Return the property that has the name."""
        return "Name"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:  # noqa: ARG003
        """Return whether the resource answers Fn::GetAtt: always True."""
        return True

    def get_cfn_attribute(self, attribute_name: str) -> str:
        """Return an ARN for attributes whose name ends with Arn, and the resource's name for all others."""
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
        """Create a new resource."""
        resource = cls(resource_name, cloudformation_json.get("Properties", {}), account=account_id, region=region_name)
        resource.create_in_service()
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
        """Replace the resource by a new one."""
        properties = cloudformation_json.get("Properties", {})
        name = properties.get("Name", original_resource.name if original_resource else new_resource_name)
        original_resource.remove_from_service()
        return cls.create_from_cloudformation_json(name, cloudformation_json, account_id, region_name)

    def delete(self, _account_id: str, _region_name: str) -> None:
        """Remove the resource. Moto calls this method."""
        self.remove_from_service()

    def create_in_service(self) -> None:
        """Create the resource in its service."""

    def remove_from_service(self) -> None:
        """Remove the resource from its service."""


def _scheduler(resource: Resource) -> Any:  # noqa: ANN401
    return scheduler_backends[resource.account][resource.region]


class ScheduleGroup(Resource):
    """A schedule group in moto's scheduler."""

    type_name = "AWS::Scheduler::ScheduleGroup"

    def create_in_service(self) -> None:
        """Create the group. Moto would replace a group with the same name."""
        if self.name in _scheduler(self).schedule_groups:
            raise JsonRESTError("ConflictException", f"Schedule group {self.name} already exists.")
        _scheduler(self).create_schedule_group(self.name, self.properties.get("Tags", []))

    def remove_from_service(self) -> None:
        """Delete the group."""
        with suppress(KeyError):
            _scheduler(self).delete_schedule_group(self.name)


class Schedule(Resource):
    """A schedule in moto's scheduler."""

    type_name = "AWS::Scheduler::Schedule"

    def create_in_service(self) -> None:
        """Create the schedule."""
        optional = self.properties.get
        target = dict(self.properties["Target"])
        if retry := target.get("RetryPolicy"):
            # CloudFormation passes numbers as the template has them, and some templates have strings.
            target["RetryPolicy"] = {name: int(value) for name, value in retry.items()}
        _scheduler(self).create_schedule(
            description=optional("Description"),
            end_date=optional("EndDate"),
            flexible_time_window=self.properties["FlexibleTimeWindow"],
            group_name=optional("GroupName"),
            kms_key_arn=optional("KmsKeyArn"),
            name=self.name,
            schedule_expression=self.properties["ScheduleExpression"],
            schedule_expression_timezone=optional("ScheduleExpressionTimezone"),
            start_date=optional("StartDate"),
            state=optional("State"),
            target=target,
            action_after_completion=None,
        )

    def remove_from_service(self) -> None:
        """Delete the schedule."""
        with suppress(ScheduleNotFound, ScheduleGroupNotFound):  # deleted with its group
            _scheduler(self).delete_schedule(self.properties.get("GroupName"), self.name)

    def get_cfn_attribute(self, attribute_name: str) -> str:
        """Return the schedule's ARN from the scheduler."""
        assert attribute_name == "Arn", attribute_name
        arn: str = _scheduler(self).get_schedule(self.properties.get("GroupName"), self.name).arn
        return arn


class Database(Resource):
    """A database of moto's Glue catalog."""

    type_name = "AWS::Glue::Database"

    @property
    def _database(self) -> str:
        return str(self.properties["DatabaseInput"]["Name"])

    @property
    def physical_resource_id(self) -> str:
        """The name, which is nested deeper in the properties than for other types."""
        return self._database

    def create_in_service(self) -> None:
        """Create the database."""
        glue_backends[self.account][self.region].create_database(self._database, self.properties["DatabaseInput"])

    def remove_from_service(self) -> None:
        """Delete the database with its tables."""
        with suppress(DatabaseNotFoundException):
            glue_backends[self.account][self.region].delete_database(self._database)


class WorkGroup(Resource):
    """A workgroup in moto's Athena."""

    type_name = "AWS::Athena::WorkGroup"

    def create_in_service(self) -> None:
        """Create the workgroup."""
        optional = self.properties.get
        configuration = dict(optional("WorkGroupConfiguration", {}))
        if cutoff := configuration.get("BytesScannedCutoffPerQuery"):
            configuration["BytesScannedCutoffPerQuery"] = int(cutoff)
        made = athena_backends[self.account][self.region].create_work_group(
            self.name, configuration, optional("Description", ""), optional("Tags", [])
        )
        if made is None:
            raise JsonRESTError("InvalidRequestException", f"WorkGroup {self.name} is already created")
        made.state = optional("State", "ENABLED")

    def remove_from_service(self) -> None:
        """Delete the workgroup."""
        athena_backends[self.account][self.region].delete_work_group(self.name)
