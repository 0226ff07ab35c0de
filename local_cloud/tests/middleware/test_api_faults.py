"""Calls fail as requested, and only the calls of workloads."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local_cloud import ApiFault, LocalCloud
from local_cloud.client.client_factory import ClientFactory
from local_cloud.core.server_settings import WORKLOAD_KEY


@pytest.fixture
def workload(cloud: LocalCloud) -> Iterator[ClientFactory]:
    """Return a factory of clients that sign as a job and do not retry."""
    make: Callable[..., Any] = boto3.client
    yield partial(
        make,
        endpoint_url=cloud.endpoint_url,
        region_name=cloud.region,
        aws_access_key_id=WORKLOAD_KEY,
        aws_secret_access_key="x",
        config=Config(retries={"total_max_attempts": 1}),
    )
    cloud.forget_faults()


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_s3_calls_fail_as_requested(cloud: LocalCloud, workload: ClientFactory) -> None:
    own, s3 = cloud.client("s3"), workload("s3")
    own.create_bucket(Bucket="faults", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    cloud.fail_calls(ApiFault("s3", "PutObject", "throttled", subject="a$", count=2))
    s3.put_object(Bucket="faults", Key="b", Body=b"12345678")
    own.put_object(Bucket="faults", Key="a", Body=b"from outside")
    for _ in range(2):
        with pytest.raises(ClientError) as error:
            s3.put_object(Bucket="faults", Key="a", Body=b"x")
        assert code(error) == "SlowDown"
    s3.put_object(Bucket="faults", Key="a", Body=b"third")
    assert own.get_object(Bucket="faults", Key="a")["Body"].read() == b"third"

    cloud.fail_calls(ApiFault("s3", "PutObject", "answer_lost"))
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket="faults", Key="a", Body=b"stored before the error")
    assert code(error) == "InternalError"
    assert own.get_object(Bucket="faults", Key="a")["Body"].read() == b"stored before the error"

    cloud.fail_calls(ApiFault("s3", "PutObject", "swallowed"))
    s3.put_object(Bucket="faults", Key="gone", Body=b"x")
    assert "Contents" not in own.list_objects_v2(Bucket="faults", Prefix="gone")
    cloud.fail_calls(ApiFault("s3", "PutObject", "damaged"))
    s3.put_object(Bucket="faults", Key="half", Body=b"12345678")
    assert own.head_object(Bucket="faults", Key="half")["ContentLength"] == 4


def test_a_conflict_can_be_injected_into_a_table(cloud: LocalCloud, workload: ClientFactory) -> None:
    cloud.client("dynamodb").create_table(
        TableName="faults",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    table = workload("dynamodb")
    cloud.fail_calls(ApiFault("dynamodb", "PutItem", "conflict"))
    with pytest.raises(ClientError) as error:
        table.put_item(TableName="faults", Item={"id": {"S": "1"}})
    assert code(error) == "ConditionalCheckFailedException"
    cloud.fail_calls(ApiFault("dynamodb", "PutItem", "error"))
    cloud.forget_faults()
    table.put_item(TableName="faults", Item={"id": {"S": "1"}})
    assert table.scan(TableName="faults")["Count"] == 1
