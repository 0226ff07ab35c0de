"""Finds what readers see now, for the run's report to compare with."""

import json
from typing import Any

from botocore.client import BaseClient

from lambdas.run_files.objects import is_there, read_object


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
    found = read_object(s3, bucket=bucket, key=pointer)
    if found is None:
        return None
    try:
        content: Any = json.loads(found[0])
        key = content["manifest"]
    except (ValueError, TypeError, KeyError):
        return None
    return key if isinstance(key, str) and is_there(s3, bucket=bucket, key=key) else None
