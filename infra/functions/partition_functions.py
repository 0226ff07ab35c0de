"""The functions of a run of all partitions, each with what it may do and nothing else."""

from contract.environments.all_partitions import PlanPartitionsEnvironment, SummarizePartitionsEnvironment
from contract.s3.keys import ANY, PARTITIONS
from contract.s3.partition_keys import EVERY_EXECUTION
from infra.functions.function_factory import MEMORY_FOR_THOUSANDS_MB, FunctionFactory
from infra.functions.python_function import PythonFunction
from infra.jobs.instances import machines_of
from infra.settings.partitions import PartitionsSettings


class PartitionFunctions:
    """Makes them.

    Args:
        make: Makes functions.
        partitions: Which there are.
    """

    def __init__(self, make: FunctionFactory, partitions: PartitionsSettings) -> None:
        self._make, self._partitions = make, partitions

    def plan_partitions(self) -> PythonFunction:
        """Lists what is to be run."""
        settings, data = self._make.settings, self._make.data
        function = self._make.function(
            PlanPartitionsEnvironment(
                deployment=settings.name,
                data_bucket=data.demand.bucket_name,
                forecast_bucket=data.forecasts.bucket_name,
                partitions=self._partitions.names or None,
                max_concurrency=self._partitions.max_concurrency,
                quotas=tuple(machine.quota for machine in machines_of(settings.training_job)),
                base_config=settings.forecast.to_strings(),
                time_zone=settings.schedule.time_zone,
                period_label=settings.schedule.period_label,
                fleet=self._make.fleet_defaults(),
                fleet_types=settings.fleet.instance_types if settings.fleet else (),
            ),
            "Lists the partitions to run, and how many at a time",
            memory_mb=MEMORY_FOR_THOUSANDS_MB,
        )
        self._make.grant_partitions(function)
        lists = (EVERY_EXECUTION.items, EVERY_EXECUTION.unusable)
        self._make.grant(function, "ListThem", ["s3:PutObject"], *map(data.forecasts.arn_for_objects, lists))
        self._make.grant(function, "UseTheKey", ["kms:Decrypt", "kms:GenerateDataKey"], data.key.key_arn)
        self._make.grant_quotas(function)
        return function

    def summarize_partitions(self) -> PythonFunction:
        """Makes the table of outcomes."""
        data = self._make.data
        bucket = data.forecasts
        function = self._make.function(
            SummarizePartitionsEnvironment(deployment=self._make.settings.name, forecast_bucket=bucket.bucket_name),
            "Makes one table of what became of all partitions",
            memory_mb=MEMORY_FOR_THOUSANDS_MB,
        )
        every = PARTITIONS + ANY
        self._make.grant(function, "FindOutcomes", ["s3:ListBucket"], bucket.bucket_arn, prefixes=[every])
        self._make.grant(function, "ReadOutcomes", ["s3:GetObject"], bucket.arn_for_objects(every))
        self._make.grant(function, "WriteTheTable", ["s3:PutObject"], bucket.arn_for_objects(EVERY_EXECUTION.table))
        self._make.grant(function, "UseTheKey", ["kms:Decrypt", "kms:GenerateDataKey"], data.key.key_arn)
        return function
