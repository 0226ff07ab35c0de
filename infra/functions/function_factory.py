"""Creates the functions of a stack, with their log groups and permissions."""

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs

from contract.environments.settings import FleetDefaults, PartitionSource
from contract.environments.variables import FunctionEnvironment
from contract.names import run_machine
from contract.s3.keys import ANY, DEMAND_OF_PARTITIONS
from infra.common.dead_letter_queue import DeadLetterQueue
from infra.common.nag import acknowledge_executions, acknowledge_wildcard
from infra.common.stack_context import StackContext
from infra.functions.python_function import MEMORY_MB, FunctionProps, PythonFunction
from infra.storage.data_stores import DataStores

# For functions that read thousands of objects or items. They need CPU time, and Lambda gives a full CPU with 1,769 MB.
# CheckRun needs 14 CPU seconds and 72 MB for 5,000 files; SummarizePartitions needs 15 seconds and 65 MB for 5,000
# outcomes. With 256 MB, they would nearly reach the timeout of two minutes.
MEMORY_FOR_THOUSANDS_MB = 1_024
# Actions that read and write an item of the registry, and actions on the key that encrypts the table.
ITEMS = ["dynamodb:GetItem", "dynamodb:PutItem"]
KEY_OF_TABLE = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"]
NAMED_AT_RUNTIME = "The objects under one prefix are named after partitions and runs at runtime."


class FunctionFactory:
    """Creates single functions and grants their permissions.

    Args:
        stack: The stack.
        context: Shared resources of the stack.
        data: Buckets, key, registry and catalog.

    Attributes:
        settings: The environment.
        data: Buckets, key, registry and catalog.
        undelivered: Queue of events for which a function failed.
        log_groups: Log groups of the functions created so far.
    """

    def __init__(self, stack: Stack, *, context: StackContext, data: DataStores) -> None:
        self._stack, self._context, self.data = stack, context, data
        self.settings, self.undelivered = context.settings, context.undelivered
        self.log_groups: list[logs.ILogGroup] = []

    def _executions(self) -> str:
        """Return the ARN pattern of all executions of the run's state machine, which does not exist yet."""
        return self._stack.format_arn(
            service="states",
            resource="execution",
            resource_name=f"{run_machine(self.settings.name)}:*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )

    def fleet_defaults(self) -> FleetDefaults | None:
        """Return the fleet's defaults for executions that do not set them; None without a fleet."""
        fleet = self.settings.fleet
        return FleetDefaults(enabled=fleet.enabled, instances=fleet.fixed) if fleet else None

    def partition_source(self) -> PartitionSource | None:
        """Return the source of the partitions' names; None in an environment without partitions."""
        if self.settings.partitions is None:
            return None
        names = self.settings.partitions.names or None
        return PartitionSource(data_bucket=self.data.demand.bucket_name, partitions=names)

    def grant_partitions(self, function: PythonFunction) -> None:
        """Allow a function to list the prefixes of the partitions' demand, if `discover` is set."""
        partitions = self.settings.partitions
        if partitions is not None and partitions.discover:
            prefixes = [DEMAND_OF_PARTITIONS + ANY]
            self.grant(function, "ListPartitions", ["s3:ListBucket"], self.data.demand.bucket_arn, prefixes=prefixes)

    def function(
        self,
        environment: FunctionEnvironment,
        description: str,
        *,
        memory_mb: int = MEMORY_MB,
        undelivered: DeadLetterQueue | None = None,
    ) -> PythonFunction:
        """Create a function and its log group.

        Args:
            environment: Its environment variables, whose class names the function.
            description: Purpose of the function.
            memory_mb: Memory in MB; Lambda assigns CPU in proportion.
            undelivered: Queue of failed events, for a function that is invoked asynchronously.
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

    def grant_executions(self, function: PythonFunction) -> None:
        """Allow a function to describe all executions of the run's state machine."""
        self.grant(function, "DescribeExecutions", ["states:DescribeExecution"], self._executions())
        acknowledge_executions(function.role)

    def grant_quotas(self, function: PythonFunction) -> None:
        """Allow a function to list quotas. The action has no resources; `PythonFunction` acknowledges the `*`."""
        function.role.add_to_policy(
            iam.PolicyStatement(sid="ListQuotas", actions=["servicequotas:ListServiceQuotas"], resources=["*"])
        )

    def grant(
        self,
        function: PythonFunction,
        sid: str,
        actions: list[str],
        *resources: str,
        prefixes: list[str] | None = None,
    ) -> None:
        """Add a statement to the role of a function.

        Args:
            function: The function.
            sid: Sid of the statement.
            actions: IAM actions.
            *resources: ARNs or ARN patterns.
            prefixes: Patterns of the S3 prefixes that the function may list.
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
                acknowledge_wildcard(function.role, resource, NAMED_AT_RUNTIME)
