from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from contract.names import BY_EXECUTION
from lambdas.shared.clients import Clients
from lambdas.shared.registry_table import RunTable

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_s3 import S3Client

DATA_BUCKET = "data-bucket"
FORECAST_BUCKET = "forecast-bucket"
# Lambda's context of an invocation.
CONTEXT = SimpleNamespace(function_name="onejob-dev-function", aws_request_id="request-1")
TABLE, DATABASE, REGION = "onejob-dev-runs", "onejob_dev", "us-east-1"


@pytest.fixture(scope="session")
def clients() -> Clients:
    """Clients of all services, created once, because their creation is slower than most tests."""
    with mock_aws():
        make: Callable[..., Any] = boto3.client
        made = {name: make(name, region_name=REGION) for name in ("s3", "glue", "dynamodb", "kms", "stepfunctions")}
        return made.__getitem__


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch, clients: Clients) -> Iterator["S3Client"]:
    """An S3 client with the two buckets, in moto."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        for bucket in (DATA_BUCKET, FORECAST_BUCKET):
            clients("s3").create_bucket(Bucket=bucket)
        yield clients("s3")


@pytest.fixture
def glue(s3: "S3Client", clients: Clients) -> "GlueClient":  # noqa: ARG001 (moto is on while there is S3)
    """A Glue client with the catalog's database."""
    clients("glue").create_database(DatabaseInput={"Name": DATABASE})
    return clients("glue")


@pytest.fixture
def kms(s3: "S3Client", clients: Clients) -> "KMSClient":  # noqa: ARG001
    """A KMS client."""
    return clients("kms")


@pytest.fixture
def table(s3: "S3Client", clients: Clients) -> RunTable:  # noqa: ARG001
    """An empty run registry."""
    names = ("partition", "cutoff", "execution")
    clients("dynamodb").create_table(
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
    return RunTable(clients("dynamodb"), TABLE)
