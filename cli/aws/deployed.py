"""The deployed resources of an environment that a teardown must handle."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from boto3 import Session
from botocore.exceptions import ClientError

from contract import names

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackTypeDef


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """Resources to remove.

    Attributes:
        budget_stack: Name of the stack with the budget; None if it does not exist.
        forecast_stack: Name of the stack with the functions, state machines and schedules; None if it does not exist.
        data_stack: Name of the stack that the forecast stack depends on; None if it does not exist.
        schedules: Names of the schedules.
        state_machines: ARNs of the state machines. The one that starts executions of the other comes first.
        buckets: Names of the buckets. The access-log bucket is last, because S3 logs the emptying of the others.
    """

    budget_stack: str | None
    forecast_stack: str | None
    data_stack: str | None
    schedules: tuple[str, ...]
    state_machines: tuple[str, ...]
    buckets: tuple[str, ...]

    @property
    def stacks(self) -> list[str]:
        """Names of the stacks, in the order in which they can be deleted."""
        return [stack for stack in (self.budget_stack, self.forecast_stack, self.data_stack) if stack is not None]

    @classmethod
    def find(cls, session: Session, name: str) -> Self:
        """Find the stacks of a deployment and their resources.

        Args:
            session: Session in the environment's region, with the user's own credentials.
            name: Name of the deployment, for example `onejob-dev`.
        """
        cloudformation = session.client("cloudformation")
        budget_stack, forecast_stack, data_stack = (
            stack if stack_status(cloudformation, stack) is not None else None
            for stack in (names.budget_stack(name), names.forecast_stack(name), names.data_stack(name))
        )
        schedules, state_machines, buckets = [], [], []
        partitions = names.partitions_machine(name)
        for stack in filter(None, (forecast_stack, data_stack)):
            for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack):
                for resource in page["StackResourceSummaries"]:
                    # A resource whose creation failed may have no id, and then nothing is to be removed.
                    found = resource.get("PhysicalResourceId")
                    if resource["ResourceStatus"] == "DELETE_COMPLETE" or not found:
                        continue
                    if resource["ResourceType"] == "AWS::Scheduler::Schedule":
                        schedules.append(found)
                    elif resource["ResourceType"] == "AWS::StepFunctions::StateMachine":
                        state_machines.append(found)
                    elif resource["ResourceType"] == "AWS::S3::Bucket":
                        is_log_bucket = resource["LogicalResourceId"].startswith("AccessLogs")
                        buckets.append((is_log_bucket, found))
        return cls(
            budget_stack=budget_stack,
            forecast_stack=forecast_stack,
            data_stack=data_stack,
            schedules=tuple(schedules),
            state_machines=tuple(sorted(state_machines, key=lambda arn: not arn.endswith(f":{partitions}"))),
            buckets=tuple(bucket for _, bucket in sorted(buckets)),
        )


def stack_status(cloudformation: "CloudFormationClient", stack: str) -> str | None:
    """Return CloudFormation's status of a stack; None if the stack does not exist."""
    found = described_stack(cloudformation, stack)
    return None if found is None else found["StackStatus"]


def described_stack(cloudformation: "CloudFormationClient", stack: str) -> "StackTypeDef | None":
    """Return CloudFormation's description of a stack; None if the stack does not exist."""
    try:
        (found,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return found
