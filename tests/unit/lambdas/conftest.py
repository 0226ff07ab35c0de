from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from lambdas.run_registry.table import BY_EXECUTION

DATA_BUCKET = "data-bucket"
FORECAST_BUCKET = "forecast-bucket"
TABLE, DATABASE, REGION = "onejob-dev-runs", "onejob_dev", "us-east-1"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An S3 client with the two buckets, in moto; beside them the run registry and the catalogue's database."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("s3", region_name=REGION)
        for bucket in (DATA_BUCKET, FORECAST_BUCKET):
            client.create_bucket(Bucket=bucket)
        boto3.client("glue", region_name=REGION).create_database(DatabaseInput={"Name": DATABASE})
        names = ("partition", "cutoff", "execution")
        boto3.client("dynamodb", region_name=REGION).create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
            KeySchema=[
                {"AttributeName": "partition", "KeyType": "HASH"},
                {"AttributeName": "cutoff", "KeyType": "RANGE"},
            ],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": BY_EXECUTION,
                    "KeySchema": [{"AttributeName": "execution", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
            ],
        )
        yield client
