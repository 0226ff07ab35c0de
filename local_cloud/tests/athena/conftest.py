"""A cloud that checks permissions, with a bucket, a key, a workgroup from a template, and one table."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from local_cloud import LocalCloud
from local_cloud.tests.assembly_writer import write_assembly
from local_cloud.tests.athena.queries import DATABASE, Queries

_STACK = "athena"
CUTOFF = 10_000_000


def _template() -> dict[str, Any]:
    key_policy = {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}}
    resources = {
        "Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Version": "2012-10-17", **key_policy}}},
        "Bucket": {"Type": "AWS::S3::Bucket"},
        "Database": {
            "Type": "AWS::Glue::Database",
            "Properties": {"CatalogId": {"Ref": "AWS::AccountId"}, "DatabaseInput": {"Name": DATABASE}},
        },
        "Limited": {
            "Type": "AWS::Athena::WorkGroup",
            "Properties": {
                "Name": "limited",
                "WorkGroupConfiguration": {
                    "BytesScannedCutoffPerQuery": CUTOFF,
                    "EnforceWorkGroupConfiguration": True,
                    "ResultConfiguration": {
                        "OutputLocation": {"Fn::Sub": "s3://${Bucket}/results/"},
                        "EncryptionConfiguration": {
                            "EncryptionOption": "SSE_KMS",
                            "KmsKey": {"Fn::GetAtt": ["Key", "Arn"]},
                        },
                    },
                },
            },
        },
        "Disabled": {"Type": "AWS::Athena::WorkGroup", "Properties": {"Name": "disabled", "State": "DISABLED"}},
    }
    outputs = {
        "Bucket": {"Value": {"Ref": "Bucket"}},
        "Key": {"Value": {"Fn::GetAtt": ["Key", "Arn"]}},
        "Workgroup": {"Value": {"Ref": "Limited"}},
    }
    return {"Resources": resources, "Outputs": outputs}


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """Open a local cloud that checks permissions."""
    with LocalCloud(tmp_path_factory.mktemp("athena")) as opened:
        yield opened


@pytest.fixture(scope="session")
def outputs(cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Deploy the stack and return its outputs."""
    folder: Path = write_assembly(tmp_path_factory.mktemp("assembly"), _template(), stack=_STACK)
    return cloud.deploy(folder)[_STACK]


@pytest.fixture(scope="session")
def queries(cloud: LocalCloud, outputs: dict[str, str]) -> Queries:
    """Create the table `sales` and return the runner of queries."""
    made = Queries(cloud=cloud, bucket=outputs["Bucket"], workgroup=outputs["Workgroup"])
    days: dict[str, list[str | None]] = {"2026-01-01": ['a,"b"', None], "2026-01-02": ["c"]}
    made.table(
        "sales",
        {
            day: pl.DataFrame(
                {
                    "article": list(range(len(names))),
                    "ds": [datetime.fromisoformat(day)] * len(names),
                    "mean": pl.Series([0.1] * len(names), dtype=pl.Float32),
                    "name": names,
                    "unknown_to_the_catalog": names,
                }
            )
            for day, names in days.items()
        },
    )
    return made
