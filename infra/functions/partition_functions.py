"""The functions of an execution of all partitions, each with its own minimal permissions."""

from contract.environments.all_partitions import PlanPartitionsEnvironment, SummarizePartitionsEnvironment
from contract.s3.keys import ANY, PARTITIONS
from contract.s3.partition_keys import EVERY_EXECUTION
from infra.functions.function_factory import MEMORY_FOR_THOUSANDS_MB, FunctionFactory
from infra.functions.python_function import PythonFunction
from infra.jobs.instances import instance_choices
from infra.settings.partitions import PartitionsSettings


class PartitionFunctions:
    """Creates the functions of an execution of all partitions.

    Args:
        make: Creates single functions.
        partitions: The environment's `[partitions]`.
    """

    def __init__(self, make: FunctionFactory, partitions: PartitionsSettings) -> None:
        self._make, self._partitions = make, partitions

    def plan_partitions(self) -> PythonFunction:
        """Create PlanPartitions, which lists the runs to start."""
        settings, data = self._make.settings, self._make.data
        function = self._make.function(
            PlanPartitionsEnvironment(
                deployment=settings.name,
                data_bucket=data.demand.bucket_name,
                forecast_bucket=data.forecasts.bucket_name,
                partitions=self._partitions.names or None,
                max_concurrency=self._partitions.max_concurrency,
                quotas=tuple(instance.quota for instance in instance_choices(settings.training_job)),
                base_config=settings.forecast.to_strings(),
                time_zone=settings.schedule.time_zone,
                period_label=settings.schedule.period_label,
                fleet=self._make.fleet_defaults(),
                fleet_types=settings.fleet.instance_types if settings.fleet else (),
            ),
            "Lists the partitions to run and sets how many run at the same time",
            memory_mb=MEMORY_FOR_THOUSANDS_MB,
        )
        self._make.grant_partitions(function)
        lists = (EVERY_EXECUTION.items, EVERY_EXECUTION.invalid_names)
        self._make.grant(function, "WritePartitionLists", ["s3:PutObject"], *map(data.forecasts.arn_for_objects, lists))
        self._make.grant(function, "UseDataKey", ["kms:Decrypt", "kms:GenerateDataKey"], data.key.key_arn)
        self._make.grant_quotas(function)
        return function

    def summarize_partitions(self) -> PythonFunction:
        """Create SummarizePartitions, which writes the table of outcomes."""
        data = self._make.data
        bucket = data.forecasts
        function = self._make.function(
            SummarizePartitionsEnvironment(deployment=self._make.settings.name, forecast_bucket=bucket.bucket_name),
            "Writes one table of the outcomes of all partitions",
            memory_mb=MEMORY_FOR_THOUSANDS_MB,
        )
        every = PARTITIONS + ANY
        self._make.grant(function, "ListOutcomes", ["s3:ListBucket"], bucket.bucket_arn, prefixes=[every])
        self._make.grant(function, "ReadOutcomes", ["s3:GetObject"], bucket.arn_for_objects(every))
        self._make.grant(
            function, "WriteOutcomesTable", ["s3:PutObject"], bucket.arn_for_objects(EVERY_EXECUTION.table)
        )
        self._make.grant(function, "UseDataKey", ["kms:Decrypt", "kms:GenerateDataKey"], data.key.key_arn)
        return function
