"""The partitions of an environment: named in its file, or found where their demand lies."""

import json
from collections.abc import Callable, Mapping, Sequence

from botocore.client import BaseClient

from contract.keys import DEMAND_OF_PARTITIONS, partition_of_demand


def partitions_of(variables: Mapping[str, str], s3: Callable[[], BaseClient]) -> list[str] | None:
    """The partitions of a function's environment; None where that has none.

    Args:
        variables: The function's environment variables.
        s3: Makes an S3 client.
    """
    if "PARTITIONS" not in variables:
        return None
    return partition_names(s3(), bucket=variables["DATA_BUCKET"], named=json.loads(variables["PARTITIONS"]))


def partition_names(s3: BaseClient, *, bucket: str, named: Sequence[str] | None) -> list[str]:
    """Names of all partitions, sorted; those that are found may be no partition's, and are told all the same.

    Args:
        s3: An S3 client.
        bucket: Bucket with the demand.
        named: By the environment's file; None to find them below the demand's prefix.
    """
    if named is not None:
        return sorted(named)
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=DEMAND_OF_PARTITIONS, Delimiter="/")
    folders = (found["Prefix"] for page in pages for found in page.get("CommonPrefixes", ()))
    return sorted(name for folder in folders if (name := partition_of_demand(folder)) is not None)
