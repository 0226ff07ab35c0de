"""The functions that record, report and display how runs end, each with its own minimal permissions."""

from aws_cdk import aws_sns as sns

from contract.environments.after_job import CloseRunEnvironment, ExplainFailureEnvironment, FailExecutionEnvironment
from contract.environments.monitoring import CheckDeadlineEnvironment, RunsWidgetEnvironment
from contract.names import BY_EXECUTION
from contract.s3.keys import ANY, pointer_key
from infra.functions.function_factory import (
    ITEMS,
    KEY_OF_TABLE,
    MEMORY_FOR_THOUSANDS_MB,
    FunctionFactory,
)
from infra.functions.python_function import MEMORY_MB, PythonFunction


class OutcomeFunctions:
    """Creates the functions that record, report and display how runs end.

    Args:
        make: Creates single functions.
    """

    def __init__(self, make: FunctionFactory) -> None:
        self._make = make
        # With partitions, CheckDeadline and RunsWidget read the registry once for each partition.
        self._memory_mb = MEMORY_MB if make.settings.partitions is None else MEMORY_FOR_THOUSANDS_MB

    def explain_failure(self) -> PythonFunction:
        """Create ExplainFailure. It calls no AWS service, so the failure that it explains cannot stop it."""
        return self._make.function(
            ExplainFailureEnvironment(deployment=self._make.settings.name),
            "Explains a failure in one line and says whether a rerun helps",
        )

    def close_run(self) -> PythonFunction:
        """Create CloseRun, which records in the registry how an unpublished run ended."""
        bucket, table = self._make.data.forecasts, self._make.data.runs
        function = self._make.function(
            CloseRunEnvironment(
                deployment=self._make.settings.name,
                forecast_bucket=bucket.bucket_name,
                table=table.table_name,
                hourly_prices=self._make.settings.training_job.hourly_prices,
            ),
            "Records in the registry how a run ended",
            undelivered=self._make.undelivered,
        )
        pointers = bucket.arn_for_objects(pointer_key(ANY))
        self._make.grant(function, "UpdateRuns", ITEMS, table.table_arn)
        self._make.grant_executions(function)
        index = f"{table.table_arn}/index/{BY_EXECUTION}"
        self._make.grant(function, "QueryRunsByExecution", ["dynamodb:Query"], index)
        self._make.grant(function, "ListPointers", ["s3:ListBucket"], bucket.bucket_arn, prefixes=[pointer_key(ANY)])
        self._make.grant(function, "ReadPointers", ["s3:GetObject"], pointers)
        self._make.grant(function, "UseDataKey", KEY_OF_TABLE, self._make.data.key.key_arn)
        return function

    def fail_execution(self) -> PythonFunction:
        """Create FailExecution, which fails the execution and resumes it on a redrive."""
        environment = FailExecutionEnvironment(deployment=self._make.settings.name)
        return self._make.function(environment, "Fails the execution, and resumes it on a redrive")

    def check_deadline(self, topic: sns.ITopic) -> PythonFunction:
        """Create CheckDeadline, which notifies operators of a late run."""
        settings, table = self._make.settings, self._make.data.runs
        function = self._make.function(
            CheckDeadlineEnvironment(
                deployment=settings.name,
                table=table.table_name,
                topic=topic.topic_arn,
                frequency=settings.forecast.frequency or "",
                period_label=settings.schedule.period_label,
                time_zone=settings.schedule.time_zone,
                demand_time_zone=settings.forecast.time_zone or "",
                day_begins_at=settings.forecast.day_begins_at,
                source=self._make.partition_source(),
            ),
            "Notifies operators when a run is not published by its deadline",
            memory_mb=self._memory_mb,
            undelivered=self._make.undelivered,
        )
        self._make.grant_partitions(function)
        self._make.grant(function, "ReadRuns", ["dynamodb:GetItem"], table.table_arn)
        # The topic and the dead-letter queue share the messages key, which the function may use for the queue already.
        self._make.grant(function, "PublishAlerts", ["sns:Publish"], topic.topic_arn)
        self._make.grant(function, "UseDataKey", KEY_OF_TABLE, self._make.data.key.key_arn)
        return function

    def runs_widget(self) -> PythonFunction:
        """Create RunsWidget, which shows the last runs on the dashboard."""
        table = self._make.data.runs
        function = self._make.function(
            RunsWidgetEnvironment(
                deployment=self._make.settings.name, table=table.table_name, source=self._make.partition_source()
            ),
            "Shows the last runs on the dashboard",
            memory_mb=self._memory_mb,
        )
        self._make.grant_partitions(function)
        self._make.grant(function, "ReadRuns", ["dynamodb:GetItem", "dynamodb:Query"], table.table_arn)
        self._make.grant(function, "UseDataKey", KEY_OF_TABLE, self._make.data.key.key_arn)
        return function
