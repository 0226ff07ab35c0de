"""The functions that tell how runs end, each with what it may do and nothing else."""

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
    """Makes them.

    Args:
        make: Makes functions.
    """

    def __init__(self, make: FunctionFactory) -> None:
        self._make = make
        # With partitions, the last two look into the registry for each.
        self._memory_mb = MEMORY_MB if make.settings.partitions is None else MEMORY_FOR_THOUSANDS_MB

    def explain_failure(self) -> PythonFunction:
        """Says what broke; it calls nothing, so that it cannot fail for the reason it explains."""
        return self._make.function(
            ExplainFailureEnvironment(deployment=self._make.settings.name),
            "Says in one line what broke and whether a rerun helps",
        )

    def close_run(self) -> PythonFunction:
        """Notes how a run ended that was not published."""
        bucket, table = self._make.data.forecasts, self._make.data.runs
        function = self._make.function(
            CloseRunEnvironment(
                deployment=self._make.settings.name,
                forecast_bucket=bucket.bucket_name,
                table=table.table_name,
                hourly_prices=self._make.settings.training_job.hourly_prices,
            ),
            "Notes in the registry how a run ended",
            undelivered=self._make.undelivered,
        )
        pointers = bucket.arn_for_objects(pointer_key(ANY))
        self._make.grant(function, "NoteTheEnd", ITEMS, table.table_arn)
        self._make.grant(function, "SeeWhatRunsAgain", ["states:DescribeExecution"], self._make.executions())
        self._make.grant(function, "FindTheRun", ["dynamodb:Query"], f"{table.table_arn}/index/{BY_EXECUTION}")
        self._make.grant(function, "FindThePointer", ["s3:ListBucket"], bucket.bucket_arn, prefixes=[pointer_key(ANY)])
        self._make.grant(function, "ReadThePointer", ["s3:GetObject"], pointers)
        self._make.grant(function, "UseTheKey", KEY_OF_TABLE, self._make.data.key.key_arn)
        return function

    def fail_execution(self) -> PythonFunction:
        """Ends a failed execution; and takes it up again where it is redriven."""
        environment = FailExecutionEnvironment(deployment=self._make.settings.name)
        return self._make.function(environment, "Ends a failed execution, and takes it up again on a redrive")

    def check_deadline(self, topic: sns.ITopic) -> PythonFunction:
        """Looks whether a run is late."""
        settings, table = self._make.settings, self._make.data.runs
        function = self._make.function(
            CheckDeadlineEnvironment(
                deployment=settings.name,
                table=table.table_name,
                topic=topic.topic_arn,
                frequency=settings.forecast.frequency or "",
                period_label=settings.schedule.period_label,
                time_zone=settings.schedule.time_zone,
                source=self._make.partition_source(),
            ),
            "Tells the operators when a run is not published by its deadline",
            memory_mb=self._memory_mb,
            undelivered=self._make.undelivered,
        )
        self._make.grant_partitions(function)
        self._make.grant(function, "ReadTheRun", ["dynamodb:GetItem"], table.table_arn)
        # Messages have one key, which it may use for those it could not deliver.
        self._make.grant(function, "TellTheOperators", ["sns:Publish"], topic.topic_arn)
        self._make.grant(function, "UseTheKey", KEY_OF_TABLE, self._make.data.key.key_arn)
        return function

    def runs_widget(self) -> PythonFunction:
        """Shows the last runs on the dashboard."""
        table = self._make.data.runs
        function = self._make.function(
            RunsWidgetEnvironment(
                deployment=self._make.settings.name, table=table.table_name, source=self._make.partition_source()
            ),
            "Shows the last runs on the dashboard",
            memory_mb=self._memory_mb,
        )
        self._make.grant_partitions(function)
        self._make.grant(function, "ReadTheRuns", ["dynamodb:GetItem", "dynamodb:Query"], table.table_arn)
        self._make.grant(function, "UseTheKey", KEY_OF_TABLE, self._make.data.key.key_arn)
        return function
