"""The functions that a run goes through, each with what it may do and nothing else."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from aws_cdk import Duration

from contract.handover_keys import EVERY_HANDOVER
from contract.keys import ANY, EVERY_RUN, FORECASTS, INPUTS, pointer_key
from contract.model_format import MODEL_FORMAT
from infra.functions.function_factory import (
    ITEMS,
    KEY_OF_TABLE,
    MEMORY_FOR_THOUSANDS_MB,
    FunctionMaker,
)
from infra.functions.python_function import PythonFunction
from infra.jobs.container_image import ContainerImage
from infra.jobs.instances import Machine
from infra.settings.fleet import FleetSettings


class RunFunctions:
    """Makes them, in the order of a run.

    Args:
        make: Makes functions.
        lease: How long an execution may live at most.
    """

    def __init__(self, make: FunctionMaker, *, lease: Duration) -> None:
        self._make, self._lease = make, lease

    def plan(self, *, image: ContainerImage) -> PythonFunction:
        """Decides the run."""
        settings, bucket = self._make.settings, self._make.data.forecasts
        function = self._make.function(
            "plan",
            "Decides the run: cutoff, name, configuration and input",
            {
                "DATA_BUCKET": self._make.data.demand.bucket_name,
                "FORECAST_BUCKET": bucket.bucket_name,
                "JOB_NAME_PREFIX": settings.name,
                "IMAGE": image.uri,
                # What a prebuilt image reads, only that image knows: Preflight asks it.
                "MODEL_FORMAT": json.dumps(None if settings.deployment.image_uri else MODEL_FORMAT),
                "PARTITIONED": json.dumps(settings.partitions is not None),
                **self._make.of_input(),
            },
        )
        inputs = [prefix + ANY for prefix in INPUTS]
        seen = [pointer_key(ANY), EVERY_RUN.manifest, EVERY_RUN.model_document]
        self._make.grant(function, "ListDemand", ["s3:ListBucket"], self._make.data.demand.bucket_arn, prefixes=inputs)
        self._make.grant(function, "FindThePublishedRun", ["s3:ListBucket"], bucket.bucket_arn, prefixes=seen)
        self._make.grant(function, "ReadThePointer", ["s3:GetObject"], bucket.arn_for_objects(pointer_key(ANY)))
        self._make.grant(function, "UseTheKey", ["kms:Decrypt"], self._make.data.key.key_arn)
        return function

    def claim(self) -> PythonFunction:
        """Claims the run in the registry."""
        function = self._make.function(
            "claim",
            "Gives a run to one execution",
            {"TABLE": self._make.data.runs.table_name, "LEASE_SECONDS": str(self._lease.to_seconds())},
        )
        self._make.grant(function, "ClaimRuns", [*ITEMS, "dynamodb:Query"], self._make.data.runs.table_arn)
        self._make.grant(function, "SeeWhoStillRuns", ["states:DescribeExecution"], self._make.executions())
        self._make.grant(function, "UseTheKey", KEY_OF_TABLE, self._make.data.key.key_arn)
        return function

    def preflight(self, *, image: ContainerImage, machines: Sequence[Machine]) -> PythonFunction:
        """Looks whether everything is there that a run needs."""
        settings, data = self._make.settings, self._make.data
        job = settings.training_job
        function = self._make.function(
            "preflight",
            "Looks whether everything is there that a run needs",
            {
                "DATA_BUCKET": data.demand.bucket_name,
                "FORECAST_BUCKET": data.forecasts.bucket_name,
                "KEY": data.key.key_arn,
                "TABLE": data.runs.table_name,
                "IMAGE": image.uri,
                "MACHINES": json.dumps([asdict(machine) for machine in machines]),
                "FLEET_TYPES": json.dumps(settings.fleet.instance_types if settings.fleet else []),
                "VOLUME_GB": str(job.volume_gb),
                "MAX_RUNTIME_MINUTES": str(job.max_runtime_minutes),
                "TIME_ZONE": settings.schedule.time_zone,
                "PERIOD_LABEL": settings.schedule.period_label,
            },
        )
        buckets = (data.demand.bucket_arn, data.forecasts.bucket_arn)
        self._make.grant(function, "FindTheBuckets", ["s3:GetBucketLocation"], *buckets)
        self._make.grant(
            function, "LookAtTheImage", ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], image.repository_arn
        )
        self._make.grant(function, "SeeHowLongRunsTook", ["dynamodb:Query"], data.runs.table_arn)
        self._make.grant(function, "UseTheKey", KEY_OF_TABLE, data.key.key_arn)
        self._make.grant_quotas(function)
        return function

    def plan_fleet(self, fleet: FleetSettings) -> PythonFunction:
        """Plans the fleet for what is left to forecast."""
        bucket, table = self._make.data.forecasts, self._make.data.runs
        function = self._make.function(
            "plan-fleet",
            "Plans the fleet: what is left to forecast, on how many machines",
            {
                "FORECAST_BUCKET": bucket.bucket_name,
                "TABLE": table.table_name,
                "INSTANCE_TYPES": json.dumps(fleet.instance_types),
                "DEADLINE_MINUTES": str(fleet.deadline_minutes or ""),
                "VOLUME_GB": str(fleet.volume_gb),
                "HOURLY_PRICES": self._make.prices(),
            },
            memory_mb=MEMORY_FOR_THOUSANDS_MB,
        )
        seen = [EVERY_HANDOVER.document, EVERY_HANDOVER.done, EVERY_HANDOVER.pieces]
        self._make.grant(function, "SeeWhatIsThere", ["s3:ListBucket"], bucket.bucket_arn, prefixes=seen)
        self._make.grant(
            function, "ReadWhatWasHandedOver", ["s3:GetObject"], bucket.arn_for_objects(EVERY_HANDOVER.document)
        )
        self._make.grant(function, "SeeAndNoteRuns", [*ITEMS, "dynamodb:Query"], table.table_arn)
        self._make.grant(function, "UseTheKey", KEY_OF_TABLE, self._make.data.key.key_arn)
        self._make.grant_quotas(function)
        return function

    def check_run(self) -> PythonFunction:
        """Compares a run's files with its manifest."""
        bucket = self._make.data.forecasts
        function = self._make.function(
            "check-run",
            "Compares the run's files with its manifest",
            {"FORECAST_BUCKET": bucket.bucket_name, "HOURLY_PRICES": self._make.prices()},
            memory_mb=MEMORY_FOR_THOUSANDS_MB,
        )
        self._make.grant(function, "ListRuns", ["s3:ListBucket"], bucket.bucket_arn, prefixes=[FORECASTS + ANY])
        self._make.grant(function, "ReadRuns", ["s3:GetObject"], bucket.arn_for_objects(FORECASTS + ANY))
        self._make.grant(function, "UseTheKey", ["kms:Decrypt"], self._make.data.key.key_arn)
        return function

    def apply_gate(self) -> PythonFunction:
        """Judges a run."""
        bucket = self._make.data.forecasts
        function = self._make.function(
            "apply-gate",
            "Holds a run back that is worse than it may be",
            {
                "FORECAST_BUCKET": bucket.bucket_name,
                "LIMITS": json.dumps(self._make.settings.gate.model_dump(exclude_none=True)),
            },
        )
        self._make.grant(function, "FindRuns", ["s3:ListBucket"], bucket.bucket_arn, prefixes=[FORECASTS + ANY])
        self._make.grant(function, "ReadRuns", ["s3:GetObject"], bucket.arn_for_objects(FORECASTS + ANY))
        self._make.grant(function, "MarkAsHeld", ["s3:PutObject"], bucket.arn_for_objects(EVERY_RUN.held))
        self._make.grant(function, "UseTheKey", ["kms:Decrypt", "kms:GenerateDataKey"], self._make.data.key.key_arn)
        return function

    def publish(self) -> PythonFunction:
        """Points readers to a run."""
        bucket, catalog = self._make.data.forecasts, self._make.data.catalog
        function = self._make.function(
            "publish",
            "Points the readers to the run, in one write",
            {
                "FORECAST_BUCKET": bucket.bucket_name,
                "TABLE": self._make.data.runs.table_name,
                "DATABASE": catalog.database,
            },
        )
        pointers = bucket.arn_for_objects(pointer_key(ANY))
        self._make.grant(function, "FindThePointer", ["s3:ListBucket"], bucket.bucket_arn, prefixes=[pointer_key(ANY)])
        self._make.grant(function, "MoveThePointer", ["s3:GetObject", "s3:PutObject"], pointers)
        self._make.grant(function, "NoteThePublishedRun", ITEMS, self._make.data.runs.table_arn)
        self._make.grant(
            function,
            "ShowTheRunToAthena",
            [f"glue:{verb}{noun}" for verb in ("Create", "Update") for noun in ("Partition", "Table")]
            + ["glue:GetTable"],
            *catalog.arns(),
        )
        self._make.grant(function, "UseTheKey", KEY_OF_TABLE, self._make.data.key.key_arn)
        return function
