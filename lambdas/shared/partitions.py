"""The partitions of an environment: named in its file, or found where their demand lies."""

import json
import re
from collections.abc import Callable, Mapping, Sequence

from botocore.client import BaseClient

DEMAND = "demand/"
# It becomes part of S3's keys, and of an execution's name. Settings are held against the same
# (infra/settings/partitions.py), and a test against both.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
NAME_IN_WORDS = "1 to 64 letters, digits and . _ -, a letter or digit first"
FOLDER = re.compile(r"partition=([^/]+)/")


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
    """Names of all partitions, sorted; those that are found may be none by `NAME`, and are told all the same.

    Args:
        s3: An S3 client.
        bucket: Bucket with the demand.
        named: By the environment's file; None to find them below the demand's prefix.
    """
    if named is not None:
        return sorted(named)
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{DEMAND}partition=", Delimiter="/")
    folders = (found["Prefix"].removeprefix(DEMAND) for page in pages for found in page.get("CommonPrefixes", ()))
    return sorted(match[1] for folder in folders if (match := FOLDER.fullmatch(folder)))
