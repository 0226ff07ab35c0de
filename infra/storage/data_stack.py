"""What must survive a redeployment of everything else: the key, the demand and the forecasts."""

from aws_cdk import CfnOutput, Duration, Environment, RemovalPolicy, Stack
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.common.encrypted_bucket import EncryptedBucket
from infra.common.kms_keys import EncryptionKey
from infra.common.permissions_boundary import boundary
from infra.settings.environment import Settings
from infra.storage import s3_layout
from infra.storage.glue_catalog import ForecastCatalog
from infra.storage.run_registry import RunRegistry


class DataStack(Stack):
    """Key, buckets, run registry and catalogue.

    Attributes:
        key: Encrypts both buckets, and the other stack's logs, queue and topic.
        demand: Bucket with demand, static columns and covariates.
        forecasts: Bucket with forecasts and reports.
        runs: The run registry.
        catalog: Where Athena finds the forecasts.
        removal_policy: What becomes of what holds data, here and elsewhere, with its stack.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, env: Environment) -> None:
        super().__init__(
            scope,
            construct_id,
            env=env,
            description=f"Demand and forecasts of {settings.name}",
            termination_protection=settings.keeps_data,
            permissions_boundary=boundary(settings.deployment.permissions_boundary),
        )
        self.removal_policy = removal_policy = RemovalPolicy.RETAIN if settings.keeps_data else RemovalPolicy.DESTROY
        retention = settings.retention
        old_versions = Duration.days(retention.old_version_days)

        self.key = EncryptionKey(self, "Encryption", name=settings.name, removal_policy=removal_policy).key
        access_logs = EncryptedBucket(
            self,
            "AccessLogs",
            old_versions=Duration.days(1),
            removal_policy=removal_policy,
            expirations=[s3.LifecycleRule(id="access-logs", expiration=Duration.days(retention.access_log_days))],
        ).bucket
        self.demand = EncryptedBucket(
            self,
            "Demand",
            key=self.key,
            access_logs=access_logs,
            old_versions=old_versions,
            removal_policy=removal_policy,
        ).bucket
        self.forecasts = EncryptedBucket(
            self,
            "Forecasts",
            key=self.key,
            access_logs=access_logs,
            old_versions=old_versions,
            removal_policy=removal_policy,
            expirations=[
                s3.LifecycleRule(
                    id="job-output", prefix=s3_layout.JOB_OUTPUT, expiration=Duration.days(retention.job_output_days)
                ),
                s3.LifecycleRule(
                    id="handed-over",
                    prefix=s3_layout.HANDOVER,
                    expiration=Duration.days(retention.job_output_days),
                    # All demand of a run, which lies in the other bucket as well: nobody wants it back.
                    noncurrent_version_expiration=Duration.days(1),
                ),
                s3.LifecycleRule(
                    id="query-results",
                    prefix=s3_layout.QUERY_RESULTS,
                    expiration=Duration.days(retention.query_result_days),
                ),
            ],
        ).bucket
        self.runs = RunRegistry(
            self, "RunRegistry", name=f"{settings.name}-runs", key=self.key, removal_policy=removal_policy
        ).table
        self.catalog = ForecastCatalog(
            self,
            "Catalog",
            name=settings.name,
            key=self.key,
            forecasts=self.forecasts,
            scan_limit_gb=settings.athena.scan_limit_gb,
        )

        CfnOutput(self, "DemandUri", value=self.demand.s3_url_for_object(s3_layout.DEMAND))
        CfnOutput(self, "StaticUri", value=self.demand.s3_url_for_object(s3_layout.STATIC))
        CfnOutput(self, "CovariatesUri", value=self.demand.s3_url_for_object(s3_layout.COVARIATES))
        CfnOutput(self, "ForecastBucket", value=self.forecasts.bucket_name)
        CfnOutput(self, "RunsTable", value=self.runs.table_name)
        CfnOutput(self, "ForecastDatabase", value=self.catalog.database)
        CfnOutput(self, "QueryWorkgroup", value=self.catalog.workgroup)
