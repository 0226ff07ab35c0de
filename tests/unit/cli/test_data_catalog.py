"""Preflight says when Lake Formation or a key of the Glue catalog would refuse what IAM allows."""

import pytest
from boto3 import Session

from cli.preflight.data_catalog import check_catalog_encryption, check_lake_formation

KEY = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"


def test_a_new_account_leaves_the_catalog_to_iam(account: Session) -> None:
    (governed,) = check_lake_formation(account.client("lakeformation"), deployment="onejob-dev")
    (encrypted,) = check_catalog_encryption(account.client("glue"), deployment="onejob-dev")
    assert (governed.verdict, encrypted.verdict) == ("ok", "ok")


@pytest.mark.parametrize(
    ("kept", "what"), [((), "databases and tables"), (("CreateTable",), "databases"), (("CreateDatabase",), "tables")]
)
def test_a_governed_catalog_gets_a_warning_with_the_grants(account: Session, kept: tuple[str, ...], what: str) -> None:
    lake = account.client("lakeformation")
    settings = lake.get_data_lake_settings()["DataLakeSettings"]
    if "CreateDatabase" not in kept:
        settings["CreateDatabaseDefaultPermissions"] = []
    if "CreateTable" not in kept:
        settings["CreateTableDefaultPermissions"] = []
    lake.put_data_lake_settings(DataLakeSettings=settings)
    (found,) = check_lake_formation(lake, deployment="onejob-dev")
    assert found.verdict == "warning"
    assert f"it governs new {what}, so IAM's permissions are not enough" in found.line
    assert "grant the role of onejob-dev-publish Create table" in found.line


@pytest.mark.parametrize(
    ("mode", "key", "verdict"),
    [
        ("DISABLED", KEY, "ok"),
        ("SSE-KMS", "aws/glue", "ok"),
        ("SSE-KMS", "arn:aws:kms:eu-central-1:123456789012:alias/aws/glue", "ok"),
        ("SSE-KMS-WITH-SERVICE-ROLE", KEY, "ok"),
        ("SSE-KMS", KEY, "warning"),
    ],
)
def test_a_key_of_the_catalog_is_named(account: Session, mode: str, key: str, verdict: str) -> None:
    glue = account.client("glue")
    glue.put_data_catalog_encryption_settings(
        DataCatalogEncryptionSettings={"EncryptionAtRest": {"CatalogEncryptionMode": mode, "SseAwsKmsKeyId": key}}  # type: ignore[typeddict-item]
    )
    (found,) = check_catalog_encryption(glue, deployment="onejob-dev")
    assert found.verdict == verdict
    assert (KEY in found.line) is (verdict == "warning")
