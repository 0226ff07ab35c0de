"""The pointer to the run that a partition's readers see: one object in S3, written on a condition."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from botocore.client import BaseClient
from botocore.exceptions import ClientError

from contract.keys import RunKeys
from lambdas.shared.errors import PublishFailed
from lambdas.shared.s3_objects import read_object

SCHEMA_VERSION = 1
# NoSuchKey: the pointer that was to be replaced has been deleted meanwhile.
LOST_THE_RACE = ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey")


def pointer_to(run: Mapping[str, Any], *, bucket: str, now: datetime) -> dict[str, Any]:
    """The pointer that shows a run.

    Args:
        run: A checked run: the manifest's fields.
        bucket: Bucket with the forecasts.
        now: When it is published.
    """
    keys = RunKeys(partition=run["partition"], run_id=run["run_id"])
    copied = ("partition", "run_id", "cutoff", "frequency", "horizon", "first_period", "last_period", "series", "rows")
    return {
        "schema_version": SCHEMA_VERSION,
        **{name: run[name] for name in copied},
        "forecasts": f"s3://{bucket}/{keys.forecasts}",
        "manifest": run["manifest"],
        "report": run["report"],
        "model": run["model"],
        "metrics": run["metrics"],
        "published_at": now.isoformat(timespec="seconds"),
    }


def read_pointer(s3: BaseClient, *, bucket: str, key: str) -> tuple[dict[str, Any] | None, str | None]:
    """The pointer as it is, and its ETag; None where there is none yet.

    Raises:
        PublishFailed: If what lies there is no pointer.
    """
    found = read_object(s3, bucket=bucket, key=key)
    if found is None:
        return None, None
    content, etag = found
    try:
        current = json.loads(content)
        current["cutoff"], current["run_id"]
    except (ValueError, TypeError, KeyError):
        raise PublishFailed(
            f"s3://{bucket}/{key} is no pointer of ours; restore an older version of it or delete it"
        ) from None
    return current, etag


def write_pointer(
    s3: BaseClient, pointer: Mapping[str, Any], *, bucket: str, key: str, condition: Mapping[str, str]
) -> bool:
    """Writes the pointer if the condition holds, and says whether it did."""
    body = json.dumps(pointer, indent=1).encode()
    try:
        s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json", **condition)
    except ClientError as error:
        if error.response["Error"]["Code"] in LOST_THE_RACE:
            return False
        raise
    return True
