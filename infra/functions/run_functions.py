"""The functions of a run, each with its own minimal permissions."""

from collections.abc import Sequence

from aws_cdk import Duration

from contract.environments.after_job import CheckRunEnvironment, PublishEnvironment, QualityGateEnvironment
from contract.environments.before_job import (
    ClaimEnvironment,
    JobInstance,
    PlanEnvironment,
    PlanFleetEnvironment,
    PreflightEnvironment,
)
from contract.gate import GateLimits
from contract.model_format import MODEL_FORMAT
from contract.s3.handover_keys import EVERY_HANDOVER
from contract.s3.keys import ANY, EVERY_RUN, FORECASTS, INPUTS, pointer_key
from infra.functions.function_factory import (
    ITEMS,
    KEY_OF_TABLE,
    MEMORY_FOR_THOUSANDS_MB,
    FunctionFactory,
)
from infra.functions.python_function import PythonFunction
from infra.jobs.container_image import ContainerImage
from infra.jobs.instances import InstanceChoice
from infra.settings.fleet import FleetSettings


class RunFunctions:
    """Creates the functions of a run; the methods are in the order of a run.

    Args:
        make: Creates single functions.
        lease: The longest duration of an execution.
    """

    def __init__(self, make: FunctionFactory, *, lease: Duration) -> None:
        self._make, self._lease = make, lease

    def plan(self, *, image: ContainerImage) -> PythonFunction:
        """Create Plan, which decides cutoff, name, configuration and input of a run."""
        settings, bucket = self._make.settings, self._make.data.forecasts
        function = self._make.function(
            PlanEnvironment(
                deployment=settings.name,
                data_bucket=self._make.data.demand.bucket_name,
                forecast_bucket=bucket.bucket_name,
                job_name_prefix=settings.name,
                image=image.uri,
                # Only a prebuilt image itself knows which model format it reads. Preflight reads it from the image.
                model_format=None if settings.deployment.image_uri else MODEL_FORMAT,
                partitioned=settings.partitions is not None,
                base_config=settings.forecast.to_strings(),
                time_zone=settings.schedule.time_zone,
                period_label=settings.schedule.period_label,
                fleet=self._make.fleet_defaults(),
            ),
            "Plans the run: cutoff, name, configuration and input",
        )
        inputs = [prefix + ANY for prefix in INPUTS]
        listed = [pointer_key(ANY), EVERY_RUN.manifest, EVERY_RUN.model_document]
        self._make.grant(function, "ListDemand", ["s3:ListBucket"], self._make.data.demand.bucket_arn, prefixes=inputs)
        self._make.grant(function, "ListPublishedRuns", ["s3:ListBucket"], bucket.bucket_arn, prefixes=listed)
        self._make.grant(function, "ReadPointers", ["s3:GetObject"], bucket.arn_for_objects(pointer_key(ANY)))
        self._make.grant(function, "UseDataKey", ["kms:Decrypt"], self._make.data.key.key_arn)
        return function

    def claim(self) -> PythonFunction:
        """Create Claim, which leases a run to one execution in the registry."""
        function = self._make.function(
            ClaimEnvironment(
                deployment=self._make.settings.name,
                table=self._make.data.runs.table_name,
                lease_seconds=int(self._lease.to_seconds()),
            ),
            "Leases a run to one execution",
        )
        self._make.grant(function, "ClaimRuns", [*ITEMS, "dynamodb:Query"], self._make.data.runs.table_arn)
        self._make.grant_executions(function)
        self._make.grant(function, "UseDataKey", KEY_OF_TABLE, self._make.data.key.key_arn)
        return function

    def preflight(self, *, image: ContainerImage, instances: Sequence[InstanceChoice]) -> PythonFunction:
        """Create Preflight, which checks the prerequisites of a run."""
        settings, data = self._make.settings, self._make.data
        job = settings.training_job
        function = self._make.function(
            PreflightEnvironment(
                deployment=settings.name,
                data_bucket=data.demand.bucket_name,
                forecast_bucket=data.forecasts.bucket_name,
                key=data.key.key_arn,
                table=data.runs.table_name,
                image=image.uri,
                instances=tuple(JobInstance(instance_type=each.instance_type, spot=each.spot) for each in instances),
                fleet_types=settings.fleet.instance_types if settings.fleet else (),
                volume_gb=job.volume_gb,
                max_runtime_minutes=job.max_runtime_minutes,
                time_zone=settings.schedule.time_zone,
                period_label=settings.schedule.period_label,
            ),
            "Checks the prerequisites of a run",
        )
        buckets = (data.demand.bucket_arn, data.forecasts.bucket_arn)
        self._make.grant(function, "GetBucketLocations", ["s3:GetBucketLocation"], *buckets)
        self._make.grant(
            function, "ReadImage", ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], image.repository_arn
        )
        self._make.grant(function, "QueryRuns", ["dynamodb:Query"], data.runs.table_arn)
        self._make.grant(function, "UseDataKey", KEY_OF_TABLE, data.key.key_arn)
        self._make.grant_quotas(function)
        return function

    def plan_fleet(self, fleet: FleetSettings) -> PythonFunction:
        """Create PlanFleet, which plans a fleet for the chunks that have no forecast yet."""
        bucket, table = self._make.data.forecasts, self._make.data.runs
        function = self._make.function(
            PlanFleetEnvironment(
                deployment=self._make.settings.name,
                forecast_bucket=bucket.bucket_name,
                table=table.table_name,
                instance_types=fleet.instance_types,
                deadline_minutes=fleet.deadline_minutes,
                volume_gb=fleet.volume_gb,
                hourly_prices=self._make.settings.training_job.hourly_prices,
            ),
            "Plans the fleet: the remaining chunks and the number of instances",
            memory_mb=MEMORY_FOR_THOUSANDS_MB,
        )
        listed = [EVERY_HANDOVER.document, EVERY_HANDOVER.completed, EVERY_HANDOVER.chunks]
        self._make.grant(function, "ListHandovers", ["s3:ListBucket"], bucket.bucket_arn, prefixes=listed)
        self._make.grant(
            function, "ReadHandoverDocuments", ["s3:GetObject"], bucket.arn_for_objects(EVERY_HANDOVER.document)
        )
        self._make.grant(function, "ReadAndUpdateRuns", [*ITEMS, "dynamodb:Query"], table.table_arn)
        self._make.grant(function, "UseDataKey", KEY_OF_TABLE, self._make.data.key.key_arn)
        self._make.grant_quotas(function)
        return function

    def check_run(self) -> PythonFunction:
        """Create CheckRun, which compares a run's files with its manifest."""
        bucket = self._make.data.forecasts
        function = self._make.function(
            CheckRunEnvironment(
                deployment=self._make.settings.name,
                forecast_bucket=bucket.bucket_name,
                hourly_prices=self._make.settings.training_job.hourly_prices,
            ),
            "Compares the run's files with its manifest",
            memory_mb=MEMORY_FOR_THOUSANDS_MB,
        )
        self._make.grant(function, "ListRuns", ["s3:ListBucket"], bucket.bucket_arn, prefixes=[FORECASTS + ANY])
        self._make.grant(function, "ReadRuns", ["s3:GetObject"], bucket.arn_for_objects(FORECASTS + ANY))
        self._make.grant(function, "UseDataKey", ["kms:Decrypt"], self._make.data.key.key_arn)
        return function

    def quality_gate(self) -> PythonFunction:
        """Create QualityGate, which checks a run against the thresholds of `[gate]`."""
        bucket = self._make.data.forecasts
        function = self._make.function(
            QualityGateEnvironment(
                deployment=self._make.settings.name,
                forecast_bucket=bucket.bucket_name,
                limits=GateLimits(**self._make.settings.gate.model_dump()),
            ),
            "Checks a run against the thresholds of the quality gate",
        )
        self._make.grant(function, "ListRuns", ["s3:ListBucket"], bucket.bucket_arn, prefixes=[FORECASTS + ANY])
        self._make.grant(function, "ReadRuns", ["s3:GetObject"], bucket.arn_for_objects(FORECASTS + ANY))
        self._make.grant(
            function, "WriteGateViolations", ["s3:PutObject"], bucket.arn_for_objects(EVERY_RUN.gate_violations)
        )
        self._make.grant(function, "UseDataKey", ["kms:Decrypt", "kms:GenerateDataKey"], self._make.data.key.key_arn)
        return function

    def publish(self) -> PythonFunction:
        """Create Publish, which moves the pointer of a partition to a run."""
        bucket, catalog = self._make.data.forecasts, self._make.data.catalog
        function = self._make.function(
            PublishEnvironment(
                deployment=self._make.settings.name,
                forecast_bucket=bucket.bucket_name,
                table=self._make.data.runs.table_name,
                database=catalog.database,
            ),
            "Publishes a run: moves the partition's pointer in one write",
        )
        pointers = bucket.arn_for_objects(pointer_key(ANY))
        self._make.grant(function, "ListPointers", ["s3:ListBucket"], bucket.bucket_arn, prefixes=[pointer_key(ANY)])
        self._make.grant(function, "UpdatePointers", ["s3:GetObject", "s3:PutObject"], pointers)
        self._make.grant(function, "UpdateRuns", ITEMS, self._make.data.runs.table_arn)
        self._make.grant(
            function,
            "UpdateGlueTables",
            [f"glue:{verb}{noun}" for verb in ("Create", "Update") for noun in ("Partition", "Table")]
            + ["glue:GetTable"],
            *catalog.arns(),
        )
        self._make.grant(function, "UseDataKey", KEY_OF_TABLE, self._make.data.key.key_arn)
        return function
