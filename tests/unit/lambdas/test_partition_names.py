"""The partitions of an environment, from its file or from the prefixes of the demand."""

from typing import TYPE_CHECKING

import pytest

from contract.environments.settings import PartitionSource
from contract.partitions import is_name
from infra.settings.partitions import PartitionsSettings
from lambdas.shared.partitions import partition_names
from tests.stand_ins import as_client
from tests.unit.lambdas.conftest import DATA_BUCKET

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BY_DEMAND = PartitionSource(data_bucket=DATA_BUCKET, partitions=None)


def test_listed_partitions_need_no_call() -> None:
    source = PartitionSource(data_bucket=DATA_BUCKET, partitions=("b", "a"))
    assert partition_names(as_client(None), source) == ["a", "b"]


def test_partitions_with_demand_are_found(s3: "S3Client") -> None:
    for key in (
        "demand/partition=b/2026/part.parquet",
        "demand/partition=b/2027/part.parquet",
        "demand/partition=a.b_c-1/part.parquet",
        "demand/partition=Z/",
        "demand/partition=",
        "demand/partition=/part.parquet",
        "demand/partition=.hidden/part.parquet",
        "demand/partition=K%C3%B6ln/part.parquet",
        "demand/partition=file.parquet",
        f"demand/partition={'x' * 65}/part.parquet",
        "demand/part.parquet",
        "demand/market=c/part.parquet",
        "static/partition=d/part.parquet",
    ):
        s3.put_object(Bucket=DATA_BUCKET, Key=key, Body=b"x")
    assert partition_names(s3, BY_DEMAND) == [
        ".hidden",
        "K%C3%B6ln",
        "Z",
        "a.b_c-1",
        "b",
        "x" * 65,
    ]


def test_without_demand_there_are_no_partitions(s3: "S3Client") -> None:
    assert partition_names(s3, BY_DEMAND) == []


def test_thousands_of_partitions_are_found(s3: "S3Client") -> None:
    names = [f"p{number:04}" for number in range(1_001)]
    for name in names:
        s3.put_object(Bucket=DATA_BUCKET, Key=f"demand/partition={name}/a.csv", Body=b"")
    assert partition_names(s3, BY_DEMAND) == names


@pytest.mark.parametrize("name", ["a", "DE.south_1-2", "x" * 64, "", ".a", "-a", "a/b", "a b", "ä", "a\n", "x" * 65])
def test_settings_and_functions_accept_the_same_names(name: str) -> None:
    try:
        taken = PartitionsSettings(max_concurrency=1, names=(name,)).names == (name,)
    except ValueError:
        taken = False
    assert is_name(name) is taken
