"""The state machine's functions, each with what it may do and nothing else."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from aws_cdk import ArnFormat, Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns

from infra import s3_layout
from infra.container_image import ContainerImage
from infra.data_stack import DataStack
from infra.dead_letter_queue import DeadLetterQueue
from infra.function import PythonFunction
from infra.log_group import LogGroup
from infra.machines import Machine
from infra.nag import acknowledge_wildcard
from infra.run_registry import BY_EXECUTION
from infra.settings import Settings

REGISTRY, CALENDAR, FILES, LINKS = "run_registry", "run_calendar", "run_files", "console_links"
# Moves in the registry, and what its key takes.
ITEMS = ["dynamodb:GetItem", "dynamodb:PutItem"]
KEY_OF_TABLE = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"]
NAMED_AS_THEY_COME = "The objects under one prefix: partitions and runs name them as they come."


class WorkflowFunctions:
    """Makes them in a stack.

    Args:
        stack: Where they are made.
        settings: The environment.
        data: Buckets, key, registry and catalogue.
        lease: How long an execution may live at most.
        undelivered: Keeps the events that a function failed for.

    Attributes:
        log_groups: Of the functions that have been made.
    """

    def __init__(
        self, stack: Stack, *, settings: Settings, data: DataStack, lease: Duration, undelivered: DeadLetterQueue
    ) -> None:
        self._stack, self._settings, self._data, self._lease = stack, settings, data, lease
        self.log_groups: list[logs.ILogGroup] = []
        self._undelivered = undelivered

    def plan(self, *, image: ContainerImage) -> PythonFunction:
        """Decides the run."""
        settings, bucket = self._settings, self._data.forecasts
        function = self._function(
            "plan",
            "Decides the run: cutoff, name, configuration and input",
            {
                "DATA_BUCKET": self._data.demand.bucket_name,
                "FORECAST_BUCKET": bucket.bucket_name,
                "JOB_NAME_PREFIX": settings.name,
                "BASE_CONFIG": json.dumps(settings.forecast.to_strings()),
                "IMAGE": image.uri,
                "TIME_ZONE": settings.schedule.time_zone,
                "PERIOD_LABEL": settings.schedule.period_label,
            },
            shared=[CALENDAR, FILES],
        )
        inputs = [f"{prefix}*" for prefix in s3_layout.INPUTS]
        seen = [s3_layout.POINTERS, s3_layout.MANIFESTS]
        self._grant(function, "ListDemand", ["s3:ListBucket"], self._data.demand.bucket_arn, prefixes=inputs)
        self._grant(function, "FindThePublishedRun", ["s3:ListBucket"], bucket.bucket_arn, prefixes=seen)
        self._grant(function, "ReadThePointer", ["s3:GetObject"], bucket.arn_for_objects(s3_layout.POINTERS))
        self._grant(function, "UseTheKey", ["kms:Decrypt"], self._data.key.key_arn)
        return function

    def claim(self) -> PythonFunction:
        """Claims the run in the registry."""
        function = self._function(
            "claim",
            "Gives a run to one execution",
            {"TABLE": self._data.runs.table_name, "LEASE_SECONDS": str(self._lease.to_seconds())},
            shared=[REGISTRY],
        )
        self._grant(function, "ClaimRuns", [*ITEMS, "dynamodb:Query"], self._data.runs.table_arn)
        self._grant(function, "SeeWhoStillRuns", ["states:DescribeExecution"], self._executions())
        self._grant(function, "UseTheKey", KEY_OF_TABLE, self._data.key.key_arn)
        return function

    def preflight(self, *, image: ContainerImage, machines: Sequence[Machine]) -> PythonFunction:
        """Looks whether everything is there that a run needs."""
        settings, data = self._settings, self._data
        job = settings.training_job
        function = self._function(
            "preflight",
            "Looks whether everything is there that a run needs",
            {
                "DATA_BUCKET": data.demand.bucket_name,
                "FORECAST_BUCKET": data.forecasts.bucket_name,
                "KEY": data.key.key_arn,
                "TABLE": data.runs.table_name,
                "IMAGE": image.uri,
                "MACHINES": json.dumps([asdict(machine) for machine in machines]),
                "VOLUME_GB": str(job.volume_gb),
                "MAX_RUNTIME_MINUTES": str(job.max_runtime_minutes),
                "TIME_ZONE": settings.schedule.time_zone,
                "PERIOD_LABEL": settings.schedule.period_label,
            },
            shared=[REGISTRY, CALENDAR],
        )
        buckets = (data.demand.bucket_arn, data.forecasts.bucket_arn)
        self._grant(function, "FindTheBuckets", ["s3:GetBucketLocation"], *buckets)
        self._grant(
            function, "LookAtTheImage", ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], image.repository_arn
        )
        self._grant(function, "SeeHowLongRunsTook", ["dynamodb:Query"], data.runs.table_arn)
        self._grant(function, "UseTheKey", KEY_OF_TABLE, data.key.key_arn)
        # Which has no resources. The finding is the function's own, for its traces.
        function.role.add_to_policy(
            iam.PolicyStatement(sid="LookUpQuotas", actions=["servicequotas:ListServiceQuotas"], resources=["*"])
        )
        return function

    def show_runs(self) -> PythonFunction:
        """Shows the last runs on the dashboard."""
        table = self._data.runs
        function = self._function(
            "show-runs",
            "Shows the last runs on the dashboard",
            {"TABLE": table.table_name},
            shared=[REGISTRY, LINKS],
        )
        self._grant(function, "ReadTheRuns", ["dynamodb:GetItem", "dynamodb:Query"], table.table_arn)
        self._grant(function, "UseTheKey", KEY_OF_TABLE, self._data.key.key_arn)
        return function

    def check_run(self) -> PythonFunction:
        """Compares a run's files with its manifest."""
        bucket = self._data.forecasts
        function = self._function(
            "check-run",
            "Compares the run's files with its manifest",
            {"FORECAST_BUCKET": bucket.bucket_name, "HOURLY_PRICES": self._prices()},
        )
        self._grant(function, "ListRuns", ["s3:ListBucket"], bucket.bucket_arn, prefixes=[f"{s3_layout.FORECASTS}*"])
        self._grant(function, "ReadRuns", ["s3:GetObject"], bucket.arn_for_objects(f"{s3_layout.FORECASTS}*"))
        self._grant(function, "UseTheKey", ["kms:Decrypt"], self._data.key.key_arn)
        return function

    def apply_gate(self) -> PythonFunction:
        """Judges a run."""
        bucket = self._data.forecasts
        function = self._function(
            "apply-gate",
            "Holds a run back that is worse than it may be",
            {
                "FORECAST_BUCKET": bucket.bucket_name,
                "LIMITS": json.dumps(self._settings.gate.model_dump(exclude_none=True)),
            },
            shared=[FILES],
        )
        self._grant(function, "FindRuns", ["s3:ListBucket"], bucket.bucket_arn, prefixes=[f"{s3_layout.FORECASTS}*"])
        self._grant(function, "ReadRuns", ["s3:GetObject"], bucket.arn_for_objects(f"{s3_layout.FORECASTS}*"))
        self._grant(function, "MarkAsHeld", ["s3:PutObject"], bucket.arn_for_objects(s3_layout.HELD))
        self._grant(function, "UseTheKey", ["kms:Decrypt", "kms:GenerateDataKey"], self._data.key.key_arn)
        return function

    def publish(self) -> PythonFunction:
        """Points readers to a run."""
        bucket, catalog = self._data.forecasts, self._data.catalog
        function = self._function(
            "publish",
            "Points the readers to the run, in one write",
            {
                "FORECAST_BUCKET": bucket.bucket_name,
                "TABLE": self._data.runs.table_name,
                "DATABASE": catalog.database,
            },
            shared=[REGISTRY, FILES, LINKS],
        )
        pointers = bucket.arn_for_objects(s3_layout.POINTERS)
        self._grant(function, "FindThePointer", ["s3:ListBucket"], bucket.bucket_arn, prefixes=[s3_layout.POINTERS])
        self._grant(function, "MoveThePointer", ["s3:GetObject", "s3:PutObject"], pointers)
        self._grant(function, "NoteThePublishedRun", ITEMS, self._data.runs.table_arn)
        self._grant(
            function,
            "ShowTheRunToAthena",
            [f"glue:{verb}{noun}" for verb in ("Create", "Update") for noun in ("Partition", "Table")]
            + ["glue:GetTable"],
            *catalog.arns(),
        )
        self._grant(function, "UseTheKey", KEY_OF_TABLE, self._data.key.key_arn)
        return function

    def explain_failure(self) -> PythonFunction:
        """Says what broke; it calls nothing, so that it cannot fail for the reason it explains."""
        return self._function(
            "explain-failure",
            "Says in one line what broke and whether a rerun helps",
            {},
            shared=[LINKS],
        )

    def close_run(self) -> PythonFunction:
        """Notes how a run ended that was not published."""
        bucket, table = self._data.forecasts, self._data.runs
        function = self._function(
            "close-run",
            "Notes in the registry how a run ended",
            {"FORECAST_BUCKET": bucket.bucket_name, "TABLE": table.table_name, "HOURLY_PRICES": self._prices()},
            shared=[REGISTRY, FILES],
            undelivered=self._undelivered,
        )
        pointers = bucket.arn_for_objects(s3_layout.POINTERS)
        self._grant(function, "NoteTheEnd", ITEMS, table.table_arn)
        self._grant(function, "SeeWhatRunsAgain", ["states:DescribeExecution"], self._executions())
        self._grant(function, "FindTheRun", ["dynamodb:Query"], f"{table.table_arn}/index/{BY_EXECUTION}")
        self._grant(function, "FindThePointer", ["s3:ListBucket"], bucket.bucket_arn, prefixes=[s3_layout.POINTERS])
        self._grant(function, "ReadThePointer", ["s3:GetObject"], pointers)
        self._grant(function, "UseTheKey", KEY_OF_TABLE, self._data.key.key_arn)
        return function

    def end_failed(self) -> PythonFunction:
        """Ends a failed execution; and takes it up again where it is redriven."""
        return self._function("end-failed", "Ends a failed execution, and takes it up again on a redrive", {})

    def check_late(self, topic: sns.ITopic) -> PythonFunction:
        """Looks whether a run is late."""
        settings, table = self._settings, self._data.runs
        function = self._function(
            "check-late",
            "Tells the operators when a run is not published by its deadline",
            {
                "TABLE": table.table_name,
                "TOPIC": topic.topic_arn,
                "FREQUENCY": settings.forecast.frequency or "",
                "PERIOD_LABEL": settings.schedule.period_label,
                "TIME_ZONE": settings.schedule.time_zone,
            },
            shared=[REGISTRY, CALENDAR],
            undelivered=self._undelivered,
        )
        self._grant(function, "ReadTheRun", ["dynamodb:GetItem"], table.table_arn)
        # Messages have one key, which it may use for those it could not deliver.
        self._grant(function, "TellTheOperators", ["sns:Publish"], topic.topic_arn)
        self._grant(function, "UseTheKey", KEY_OF_TABLE, self._data.key.key_arn)
        return function

    def log_group(self, construct_id: str, *, name: str | None = None) -> logs.ILogGroup:
        """A log group of this environment."""
        return LogGroup(
            self._stack,
            construct_id,
            name=name,
            key=self._data.key,
            days=self._settings.retention.log_days,
            removal_policy=self._data.removal_policy,
        ).log_group

    def _executions(self) -> str:
        return self._stack.format_arn(
            service="states",
            resource="execution",
            resource_name=f"{self._settings.name}-forecast:*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )

    def _prices(self) -> str:
        return json.dumps(self._settings.training_job.hourly_prices)

    def _function(
        self,
        name: str,
        description: str,
        environment: dict[str, str],
        *,
        shared: Sequence[str] = (),
        undelivered: DeadLetterQueue | None = None,
    ) -> PythonFunction:
        folder = name.replace("-", "_")
        construct_id = folder.title().replace("_", "")
        log_group = self.log_group(f"{construct_id}Logs")
        self.log_groups.append(log_group)
        function = PythonFunction(
            self._stack,
            construct_id,
            name=f"{self._settings.name}-{name}",
            folder=folder,
            description=description,
            environment={"DEPLOYMENT": self._settings.name, **environment},
            log_group=log_group,
            key=self._data.key,
            shared=["observation", *shared],
            reserved_concurrency=self._settings.functions.reserved_concurrency,
            undelivered=undelivered,
        )
        if undelivered is not None:
            undelivered.grant_key(function.role)
        return function

    def _grant(
        self,
        function: PythonFunction,
        sid: str,
        actions: list[str],
        *resources: str,
        prefixes: list[str] | None = None,
    ) -> None:
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
