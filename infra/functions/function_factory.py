"""Makes functions in a stack: what all of them share, and how they are given what they may do."""

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs

from contract.environments.settings import FleetDefaults, PartitionSource
from contract.environments.variables import FunctionEnvironment
from contract.names import run_machine
from contract.s3.keys import ANY, DEMAND_OF_PARTITIONS
from infra.common.dead_letter_queue import DeadLetterQueue
from infra.common.nag import acknowledge_wildcard
from infra.common.stack_context import StackContext
from infra.functions.python_function import MEMORY_MB, FunctionProps, PythonFunction
from infra.storage.data_stores import DataStores

# For functions that read thousands of objects or items. They need processor time: Lambda gives a full processor with
# 1,769 MB. CheckRun needs 14 processor seconds and 72 MB for 5,000 files, SummarizePartitions 15 seconds and 65 MB for
# 5,000 outcomes. With 256 MB, that would nearly reach the timeout of two minutes.
MEMORY_FOR_THOUSANDS_MB = 1_024
# Moves in the registry, and what its key takes.
ITEMS = ["dynamodb:GetItem", "dynamodb:PutItem"]
KEY_OF_TABLE = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"]
NAMED_AS_THEY_COME = "The objects under one prefix: partitions and runs name them as they come."


class FunctionFactory:
    """Makes them.

    Args:
        stack: Where they are made.
        context: What the stack's constructs share.
        data: Buckets, key, registry and catalog.

    Attributes:
        settings: The environment.
        data: Buckets, key, registry and catalog.
        undelivered: Keeps the events that a function failed for.
        log_groups: Of the functions that have been made.
    """

    def __init__(self, stack: Stack, *, context: StackContext, data: DataStores) -> None:
        self._stack, self._context, self.data = stack, context, data
        self.settings, self.undelivered = context.settings, context.undelivered
        self.log_groups: list[logs.ILogGroup] = []

    def executions(self) -> str:
        """ARN of all executions of the state machine, which is not made yet."""
        return self._stack.format_arn(
            service="states",
            resource="execution",
            resource_name=f"{run_machine(self.settings.name)}:*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )

    def fleet_defaults(self) -> FleetDefaults | None:
        """What the fleet does where an execution does not say; None where there is no fleet."""
        fleet = self.settings.fleet
        return FleetDefaults(enabled=fleet.enabled, instances=fleet.fixed) if fleet else None

    def partition_source(self) -> PartitionSource | None:
        """What tells which partitions there are; None where there is but one."""
        if self.settings.partitions is None:
            return None
        names = self.settings.partitions.names or None
        return PartitionSource(data_bucket=self.data.demand.bucket_name, partitions=names)

    def grant_partitions(self, function: PythonFunction) -> None:
        """Lets a function find the partitions where their demand lies, if that is what tells them."""
        partitions = self.settings.partitions
        if partitions is not None and partitions.discover:
            found = [DEMAND_OF_PARTITIONS + ANY]
            self.grant(function, "FindPartitions", ["s3:ListBucket"], self.data.demand.bucket_arn, prefixes=found)

    def function(
        self,
        environment: FunctionEnvironment,
        description: str,
        *,
        memory_mb: int = MEMORY_MB,
        undelivered: DeadLetterQueue | None = None,
    ) -> PythonFunction:
        """Makes a function.

        Args:
            environment: Its variables; they say which function it is.
            description: What it does.
            memory_mb: And as much of the processor as comes with it.
            undelivered: Keeps what it failed for, where nobody waits for it.
        """
        props = FunctionProps(
            description=description,
            environment=environment,
            memory_mb=memory_mb,
            undelivered=undelivered,
        )
        construct_id = props.folder.title().replace("_", "")
        log_group = self._context.log_group(self._stack, f"{construct_id}Logs")
        self.log_groups.append(log_group)
        return PythonFunction(self._stack, construct_id, context=self._context, log_group=log_group, props=props)

    def grant_quotas(self, function: PythonFunction) -> None:
        """Lets a function look up quotas, which has no resources; the finding is the function's own, for its traces."""
        function.role.add_to_policy(
            iam.PolicyStatement(sid="LookUpQuotas", actions=["servicequotas:ListServiceQuotas"], resources=["*"])
        )

    def grant(
        self,
        function: PythonFunction,
        sid: str,
        actions: list[str],
        *resources: str,
        prefixes: list[str] | None = None,
    ) -> None:
        """Lets a function do something.

        Args:
            function: The function.
            sid: Of the statement: why.
            actions: What.
            *resources: With what.
            prefixes: Of the keys it may list, where that is what it may do.
        """
        function.role.add_to_policy(
            iam.PolicyStatement(
                sid=sid,
                actions=actions,
                resources=list(resources),
                conditions={"StringLike": {"s3:prefix": prefixes}} if prefixes else None,
            )
        )
        for resource in resources:
            if "*" in resource:
                acknowledge_wildcard(function.role, resource, NAMED_AS_THEY_COME)
