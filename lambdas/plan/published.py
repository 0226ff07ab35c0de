"""Finds what readers see now, for the run's report to compare with."""

import json
from typing import Any

from botocore.client import BaseClient


def published_manifest(s3: BaseClient, *, bucket: str, partition: str) -> str | None:
    """Key of the last published run's manifest.

    What is published is no part of the next run's input, so nothing that is wrong with it stops the run here:
    Publish looks at the pointer again, and says so.

    Args:
        s3: An S3 client.
        bucket: Bucket with the forecasts.
        partition: Part of the market.

    Returns:
        None where nothing has been published, or where the pointer leads nowhere.
    """
    pointer = f"forecasts/partition={partition}/_latest.json"
    if not _exists(s3, bucket=bucket, key=pointer):
        return None
    try:
        content: Any = json.loads(s3.get_object(Bucket=bucket, Key=pointer)["Body"].read())
        key = content["manifest"]
    except (ValueError, TypeError, KeyError):
        return None
    return key if isinstance(key, str) and _exists(s3, bucket=bucket, key=key) else None


def _exists(s3: BaseClient, *, bucket: str, key: str) -> bool:
    # Asked of a list: a role that may list one prefix only gets a 403 for a missing object, not a 404.
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1).get("Contents", [])
    return key in [item["Key"] for item in listed]
