"""Points the readers to a whole run: one conditional write, all of it or nothing."""

import functools
import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from .announcement import message, subject

SCHEMA_VERSION = 1
# Another publisher got in between; each attempt looks at what is published now.
ATTEMPTS = 5
# NoSuchKey: the pointer that was to be replaced has been deleted meanwhile.
LOST_THE_RACE = ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey")


class PublishFailed(Exception):  # noqa: N818 - the name is what the state machine and its operator see
    """The run is whole but the pointer could not be moved; one line with the reason."""


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answers the state machine's Publish state."""
    return publish(
        event["run"],
        by_hand="publish" in event["plan"],
        bucket=os.environ["FORECAST_BUCKET"],
        deployment=os.environ["DEPLOYMENT"],
        s3=_s3(),
        now=datetime.now(UTC),
    )


@functools.cache
def _s3() -> BaseClient:
    return boto3.client("s3")


def publish(
    run: Mapping[str, Any], *, bucket: str, deployment: str, s3: BaseClient, now: datetime, by_hand: bool = False
) -> dict[str, Any]:
    """Moves the partition's pointer to the run, unless it shows a later cutoff already and nobody asked for it by name.

    Args:
        run: A checked run: the manifest's fields.
        bucket: Bucket with the forecasts.
        deployment: Name of the deployment, for the message.
        s3: An S3 client.
        now: When, for the pointer's `published_at`.
        by_hand: Whether somebody asked for this very run: then it may be an earlier one.

    Returns:
        The run's outcome: `published`, where its forecasts lie, and the subject and message that announce it.

    Raises:
        PublishFailed: If others kept writing the pointer, or it is not readable.
    """
    key = f"forecasts/partition={run['partition']}/_latest.json"
    pointer = _pointer(run, bucket=bucket, now=now)
    outcome = {
        **{name: pointer[name] for name in ("run_id", "partition", "cutoff", "series", "rows", "horizon", "forecasts")},
        "report": f"s3://{bucket}/{run['report']}",
        "metrics": run["metrics"],
    }
    for _ in range(ATTEMPTS):
        current, etag = _read_pointer(s3, bucket=bucket, key=key)
        later = current is not None and current["cutoff"] > run["cutoff"] and not by_hand
        # A repeated state finds its own work done.
        if not later and (current is None or current["run_id"] != run["run_id"]):
            condition = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
            if not _put(s3, pointer, bucket=bucket, key=key, condition=condition):
                continue
        return {
            **outcome,
            "published": not later,
            "subject": subject(run, deployment=deployment, published=not later),
            "message": message(
                run, outcome=outcome, deployment=deployment, shown=current["cutoff"] if current and later else None
            ),
        }
    raise PublishFailed(f"s3://{bucket}/{key} was changed by others {ATTEMPTS} times while this run was published")


def _pointer(run: Mapping[str, Any], *, bucket: str, now: datetime) -> dict[str, Any]:
    copied = ("partition", "run_id", "cutoff", "frequency", "horizon", "first_period", "last_period", "series", "rows")
    return {
        "schema_version": SCHEMA_VERSION,
        **{name: run[name] for name in copied},
        "forecasts": f"s3://{bucket}/forecasts/partition={run['partition']}/run_id={run['run_id']}/",
        "manifest": run["manifest"],
        "report": run["report"],
        "metrics": run["metrics"],
        "published_at": now.isoformat(timespec="seconds"),
    }


def _read_pointer(s3: BaseClient, *, bucket: str, key: str) -> tuple[dict[str, Any] | None, str | None]:
    # Asked of a list: a role that may list one prefix only gets a 403 for a missing object, not a 404.
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1).get("Contents", [])
    if key not in [item["Key"] for item in listed]:
        return None, None
    answer = s3.get_object(Bucket=bucket, Key=key)
    try:
        current = json.loads(answer["Body"].read())
        current["cutoff"], current["run_id"]
    except (ValueError, TypeError, KeyError):
        raise PublishFailed(
            f"s3://{bucket}/{key} is no pointer of ours; restore an older version of it or delete it"
        ) from None
    return current, answer["ETag"]


def _put(s3: BaseClient, pointer: Mapping[str, Any], *, bucket: str, key: str, condition: Mapping[str, str]) -> bool:
    body = json.dumps(pointer, indent=1).encode()
    try:
        s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json", **condition)
    except ClientError as error:
        if error.response["Error"]["Code"] in LOST_THE_RACE:
            return False
        raise
    return True
