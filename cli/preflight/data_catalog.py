"""Check who governs the region's Glue catalog: Lake Formation, or a key of its own, would refuse what IAM allows."""

from typing import TYPE_CHECKING

from contract.names import function_name
from lambdas.preflight.check_results import CheckResult, ok, warning

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_lakeformation import LakeFormationClient

# The principal with which Lake Formation leaves a new database or table to IAM.
LEFT_TO_IAM = "IAM_ALLOWED_PRINCIPALS"


def check_lake_formation(lake: "LakeFormationClient", *, deployment: str) -> list[CheckResult]:
    """Check that Lake Formation leaves new databases and tables to IAM.

    Args:
        lake: A Lake Formation client.
        deployment: Name of the deployment.
    """
    settings = lake.get_data_lake_settings()["DataLakeSettings"]
    defaults = {
        "databases": settings.get("CreateDatabaseDefaultPermissions", []),
        "tables": settings.get("CreateTableDefaultPermissions", []),
    }
    governed = [
        what
        for what, permissions in defaults.items()
        if all(each["Principal"]["DataLakePrincipalIdentifier"] != LEFT_TO_IAM for each in permissions)
    ]
    if not governed:
        return [ok("Lake Formation: new databases and tables are left to IAM")]
    return [
        warning(
            f"Lake Formation: it governs new {' and '.join(governed)}, so IAM's permissions are not enough; after the "
            f"deployment, grant the role of {function_name(deployment, 'publish')} Create table and Describe on the "
            "new database, and readers Select on its tables"
        )
    ]


def check_catalog_encryption(glue: "GlueClient", *, deployment: str) -> list[CheckResult]:
    """Check that the catalog needs no key that the application's roles may not use.

    Args:
        glue: A Glue client.
        deployment: Name of the deployment.
    """
    settings = glue.get_data_catalog_encryption_settings()["DataCatalogEncryptionSettings"]
    encryption = settings.get("EncryptionAtRest", {})
    key = encryption.get("SseAwsKmsKeyId", "aws/glue")
    # With a service role, Glue itself uses the key for its callers.
    if encryption.get("CatalogEncryptionMode", "DISABLED") != "SSE-KMS" or key.endswith("aws/glue"):
        return [ok("Glue catalog: no key of its own that callers must be allowed to use")]
    return [
        warning(
            f"Glue catalog: {key} encrypts it; let the role of {function_name(deployment, 'publish')}, and everyone "
            "who reads forecasts by Athena, use that key (kms:Decrypt, kms:GenerateDataKey)"
        )
    ]
