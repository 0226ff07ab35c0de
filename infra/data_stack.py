"""The stack of resources that outlive the forecast stack: key, demand, forecasts, run registry and catalog."""

from collections.abc import Sequence

from aws_cdk import CfnOutput, Duration
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from contract.names import registry_table
from contract.s3 import keys
from infra.common.encrypted_bucket import EncryptedBucket
from infra.common.environment_stack import EnvironmentStack, is_protected
from infra.common.kms_keys import EncryptionKey
from infra.settings.environment import Settings
from infra.storage.data_stores import DataStores
from infra.storage.glue_catalog import ForecastCatalog
from infra.storage.run_registry import RunRegistry


class DataStack(EnvironmentStack):
    """Key, buckets, run registry and catalog.

    Attributes:
        stores: The stores that other stacks use.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(scope, construct_id, settings=settings, description=f"Demand and forecasts of {settings.name}")
        self._settings = settings
        key = EncryptionKey(self, "Encryption", name=settings.name, removal_policy=self.removal_policy).key
        access_logs = self._access_logs()
        demand = self._data_bucket("Demand", key=key, access_logs=access_logs)
        forecasts = self._data_bucket(
            "Forecasts", key=key, access_logs=access_logs, expirations=self._forecast_expirations()
        )
        runs = RunRegistry(
            self,
            "RunRegistry",
            name=registry_table(settings.name),
            key=key,
            removal_policy=self.removal_policy,
            is_protected=is_protected(self, construct_id, settings),
        ).table
        catalog = ForecastCatalog(
            self,
            "Catalog",
            name=settings.name,
            key=key,
            forecasts=forecasts,
            scan_limit_gb=settings.athena.scan_limit_gb,
        )
        self.stores = DataStores(key=key, demand=demand, forecasts=forecasts, runs=runs, catalog=catalog)
        self._add_outputs(self.stores)

    def _access_logs(self) -> s3.IBucket:
        days = Duration.days(self._settings.retention.access_log_days)
        return EncryptedBucket(
            self,
            "AccessLogs",
            old_versions=Duration.days(1),
            removal_policy=self.removal_policy,
            expirations=[s3.LifecycleRule(id="access-logs", expiration=days)],
        ).bucket

    def _data_bucket(
        self,
        construct_id: str,
        *,
        key: kms.IKey,
        access_logs: s3.IBucket,
        expirations: Sequence[s3.LifecycleRule] = (),
    ) -> s3.IBucket:
        return EncryptedBucket(
            self,
            construct_id,
            key=key,
            access_logs=access_logs,
            old_versions=Duration.days(self._settings.retention.old_version_days),
            removal_policy=self.removal_policy,
            expirations=expirations,
        ).bucket

    def _forecast_expirations(self) -> list[s3.LifecycleRule]:
        """Return lifecycle rules for objects other than forecasts: job output, handovers and query results."""
        retention = self._settings.retention
        job_output = Duration.days(retention.job_output_days)
        return [
            s3.LifecycleRule(id="job-output", prefix=keys.JOB_OUTPUT, expiration=job_output),
            s3.LifecycleRule(
                id="handed-over",
                prefix=keys.HANDOVER,
                expiration=job_output,
                # A handover copies demand from the other bucket, so its old versions have no use.
                noncurrent_version_expiration=Duration.days(1),
            ),
            s3.LifecycleRule(
                id="query-results",
                prefix=keys.QUERY_RESULTS,
                expiration=Duration.days(retention.query_result_days),
            ),
        ]

    def _add_outputs(self, stores: DataStores) -> None:
        """Add the names of the stores to the stack's outputs, for people and scripts."""
        CfnOutput(self, "DemandUri", value=stores.demand.s3_url_for_object(keys.DEMAND))
        CfnOutput(self, "StaticUri", value=stores.demand.s3_url_for_object(keys.STATIC))
        CfnOutput(self, "CovariatesUri", value=stores.demand.s3_url_for_object(keys.COVARIATES))
        CfnOutput(self, "ForecastBucket", value=stores.forecasts.bucket_name)
        CfnOutput(self, "RunsTable", value=stores.runs.table_name)
        CfnOutput(self, "ForecastDatabase", value=stores.catalog.database)
        CfnOutput(self, "QueryWorkgroup", value=stores.catalog.workgroup)
