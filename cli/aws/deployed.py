"""What is deployed of an environment."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from boto3 import Session
from botocore.exceptions import ClientError

from contract import names

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """What there is to be taken down.

    Attributes:
        forecast_stack: Name of the stack with everything that runs; None without one.
        data_stack: Name of the stack that the other one needs; None without one.
        schedules: Names.
        state_machines: ARNs; one that starts executions of others stands before these.
        buckets: Names, that of the access logs last: emptying the others is logged.
    """

    forecast_stack: str | None
    data_stack: str | None
    schedules: tuple[str, ...]
    state_machines: tuple[str, ...]
    buckets: tuple[str, ...]

    @property
    def stacks(self) -> list[str]:
        """Names of the stacks, in the order in which they can be deleted."""
        return [stack for stack in (self.forecast_stack, self.data_stack) if stack is not None]

    @classmethod
    def find(cls, session: Session, name: str) -> Self:
        """Looks for the stacks of `name`, e.g. `onejob-dev`, and in them."""
        cloudformation = session.client("cloudformation")
        forecast_stack, data_stack = (
            stack if _exists(cloudformation, stack) else None
            for stack in (names.forecast_stack(name), names.data_stack(name))
        )
        schedules, state_machines, buckets = [], [], []
        partitions = names.partitions_machine(name)
        for stack in filter(None, (forecast_stack, data_stack)):
            for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack):
                for resource in page["StackResourceSummaries"]:
                    if resource["ResourceStatus"] == "DELETE_COMPLETE":
                        continue
                    if resource["ResourceType"] == "AWS::Scheduler::Schedule":
                        schedules.append(resource["PhysicalResourceId"])
                    elif resource["ResourceType"] == "AWS::StepFunctions::StateMachine":
                        state_machines.append(resource["PhysicalResourceId"])
                    elif resource["ResourceType"] == "AWS::S3::Bucket":
                        of_logs = resource["LogicalResourceId"].startswith("AccessLogs")
                        buckets.append((of_logs, resource["PhysicalResourceId"]))
        return cls(
            forecast_stack=forecast_stack,
            data_stack=data_stack,
            schedules=tuple(schedules),
            state_machines=tuple(sorted(state_machines, key=lambda arn: not arn.endswith(f":{partitions}"))),
            buckets=tuple(bucket for _, bucket in sorted(buckets)),
        )


def _exists(cloudformation: "CloudFormationClient", stack: str) -> bool:
    try:
        cloudformation.describe_stacks(StackName=stack)
    except ClientError as error:
        if "does not exist" in str(error):
            return False
        raise
    return True
