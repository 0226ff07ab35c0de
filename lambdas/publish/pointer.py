"""The pointer to a partition's published run: one S3 object, written conditionally."""

import json
from datetime import datetime
from typing import TYPE_CHECKING, TypedDict

from botocore.exceptions import ClientError

from contract.function_errors import PublishFailed
from contract.s3.keys import RunKeys
from contract.s3.pointer import SCHEMA_VERSION, Pointer
from contract.state.run_record import CheckedRun
from lambdas.shared.s3_objects import read_object

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# NoSuchKey: someone deleted the pointer after it was read.
LOST_THE_RACE = ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey")


class Condition(TypedDict, total=False):
    """Condition for an S3 write: the ETag that the object must have, or `*` if the object must not exist."""

    IfMatch: str
    IfNoneMatch: str


def pointer_to(run: CheckedRun, *, bucket: str, now: datetime) -> Pointer:
    """Build the pointer to a run.

    Args:
        run: A checked run, with the fields of its manifest.
        bucket: Bucket with the forecasts.
        now: Time of the publication.
    """
    keys = RunKeys(partition=run["partition"], run_id=run["run_id"])
    return {
        "schema_version": SCHEMA_VERSION,
        "partition": run["partition"],
        "run_id": run["run_id"],
        "cutoff": run["cutoff"],
        "frequency": run["frequency"],
        "horizon": run["horizon"],
        "first_period": run["first_period"],
        "last_period": run["last_period"],
        "series": run["series"],
        "rows": run["rows"],
        "forecasts": f"s3://{bucket}/{keys.forecasts}",
        "manifest": run["manifest"],
        "report": run["report"],
        "model": run["model"],
        "metrics": run["metrics"],
        "published_at": now.isoformat(timespec="seconds"),
    }


def read_pointer(s3: "S3Client", *, bucket: str, key: str) -> tuple[Pointer | None, str | None]:
    """Return the current pointer and its ETag; None for both if there is no pointer yet.

    Raises:
        PublishFailed: If the object is not a valid pointer.
    """
    found = read_object(s3, bucket=bucket, key=key)
    if found is None:
        return None, None
    content, etag = found
    try:
        current: Pointer = json.loads(content)
        current["cutoff"], current["run_id"]
    except (ValueError, TypeError, KeyError):
        raise PublishFailed(
            f"s3://{bucket}/{key} is not a valid pointer; restore an older version of it or delete it"
        ) from None
    return current, etag


def write_pointer(s3: "S3Client", pointer: Pointer, *, bucket: str, key: str, condition: Condition) -> bool:
    """Write the pointer if the condition holds; return whether it was written."""
    body = json.dumps(pointer, indent=1).encode()
    try:
        s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json", **condition)
    except ClientError as error:
        if error.response["Error"]["Code"] in LOST_THE_RACE:
            return False
        raise
    return True
