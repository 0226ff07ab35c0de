"""The Glue database of the forecasts, and an Athena workgroup that limits the bytes a query reads."""

from aws_cdk import Stack
from aws_cdk import aws_athena as athena
from aws_cdk import aws_glue as glue
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from contract.s3.keys import QUERY_RESULTS

BYTES_PER_GB = 1_000_000_000


class ForecastCatalog(Construct):
    """Database and workgroup. Publish creates the tables, because only a run knows the types of its key columns.

    Attributes:
        database: Name of the database.
        workgroup: Name of the workgroup.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        key: kms.IKey,
        forecasts: s3.IBucket,
        scan_limit_gb: int,
    ) -> None:
        super().__init__(scope, construct_id)
        self.database = name.replace("-", "_")  # SQL needs quotes around names with dashes
        glue.CfnDatabase(
            self,
            "Database",
            catalog_id=Stack.of(self).account,
            database_input=glue.CfnDatabase.DatabaseInputProperty(
                name=self.database, description=f"Published forecasts of {name}"
            ),
        )
        self.workgroup = name
        athena.CfnWorkGroup(
            self,
            "Workgroup",
            name=name,
            description=f"Queries about the forecasts of {name}",
            recursive_delete_option=True,  # saved queries and history, not data
            work_group_configuration=athena.CfnWorkGroup.WorkGroupConfigurationProperty(
                bytes_scanned_cutoff_per_query=scan_limit_gb * BYTES_PER_GB,
                enforce_work_group_configuration=True,
                publish_cloud_watch_metrics_enabled=True,
                result_configuration=athena.CfnWorkGroup.ResultConfigurationProperty(
                    output_location=forecasts.s3_url_for_object(QUERY_RESULTS),
                    encryption_configuration=athena.CfnWorkGroup.EncryptionConfigurationProperty(
                        encryption_option="SSE_KMS", kms_key=key.key_arn
                    ),
                ),
            ),
        )

    def arns(self) -> list[str]:
        """Return the ARNs of catalog, database and tables, for IAM statements."""
        stack = Stack.of(self)
        resources = ("catalog", f"database/{self.database}", f"table/{self.database}/*")
        return [stack.format_arn(service="glue", resource=resource) for resource in resources]
