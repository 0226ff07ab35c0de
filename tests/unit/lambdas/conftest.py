from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

DATA_BUCKET = "data-bucket"
FORECAST_BUCKET = "forecast-bucket"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An S3 client with the two buckets, in moto."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        for bucket in (DATA_BUCKET, FORECAST_BUCKET):
            client.create_bucket(Bucket=bucket)
        yield client
