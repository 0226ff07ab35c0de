"""The pointer to the run that a partition's readers see: one object in S3, written on a condition."""

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

# NoSuchKey: the pointer that was to be replaced has been deleted meanwhile.
LOST_THE_RACE = ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey")


class Condition(TypedDict, total=False):
    """What must be so for S3 to write an object: an ETag that it has, or `*` that there is none."""

    IfMatch: str
    IfNoneMatch: str


def pointer_to(run: CheckedRun, *, bucket: str, now: datetime) -> Pointer:
    """The pointer that shows a run.

    Args:
        run: A checked run: the manifest's fields.
        bucket: Bucket with the forecasts.
        now: When it is published.
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
    """The pointer as it is, and its ETag; None where there is none yet.

    Raises:
        PublishFailed: If what lies there is no pointer.
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
            f"s3://{bucket}/{key} is no pointer of ours; restore an older version of it or delete it"
        ) from None
    return current, etag


def write_pointer(s3: "S3Client", pointer: Pointer, *, bucket: str, key: str, condition: Condition) -> bool:
    """Writes the pointer if the condition holds, and says whether it did."""
    body = json.dumps(pointer, indent=1).encode()
    try:
        s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json", **condition)
    except ClientError as error:
        if error.response["Error"]["Code"] in LOST_THE_RACE:
            return False
        raise
    return True
