"""The partitions of an environment: listed in its file, or found by the prefixes of their demand."""

from typing import TYPE_CHECKING

from contract.environments.settings import PartitionSource
from contract.s3.keys import DEMAND_OF_PARTITIONS, partition_of_demand

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def partition_names(s3: "S3Client", source: PartitionSource) -> list[str]:
    """Return the sorted names of all partitions. Names from prefixes may be invalid, and are returned too.

    Args:
        s3: An S3 client.
        source: Source of the names: the environment's file, or the prefixes below the demand's prefix.
    """
    if source.partitions is not None:
        return sorted(source.partitions)
    listing = s3.get_paginator("list_objects_v2")
    pages = listing.paginate(Bucket=source.data_bucket, Prefix=DEMAND_OF_PARTITIONS, Delimiter="/")
    folders = (found["Prefix"] for page in pages for found in page.get("CommonPrefixes", ()))
    return sorted(name for folder in folders if (name := partition_of_demand(folder)) is not None)
