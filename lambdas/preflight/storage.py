"""Check that the buckets exist and the key is usable."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from .check_results import CheckResult, failed, ok

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_s3 import S3Client

GONE = ("NoSuchBucket", "404")


def check_buckets(s3: "S3Client", buckets: Sequence[str]) -> list[CheckResult]:
    """Check that each bucket exists, with the call that needs the fewest permissions.

    Args:
        s3: An S3 client.
        buckets: Names of the buckets.
    """
    return [_bucket(s3, name) for name in buckets]


def _bucket(s3: "S3Client", name: str) -> CheckResult:
    try:
        s3.get_bucket_location(Bucket=name)
    except ClientError as error:
        if error.response["Error"]["Code"] not in GONE:
            raise
        return failed(f"bucket: {name} does not exist; deploy the data stack again")
    return ok(f"bucket: {name} exists")


def check_key(kms: "KMSClient", key: str) -> list[CheckResult]:
    """Check that the key is enabled. Without it, nothing can be read or written.

    Args:
        kms: A KMS client.
        key: ARN of the key.
    """
    try:
        state: str = kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"]
    except kms.exceptions.NotFoundException:
        return [failed(f"key: {key} does not exist; deploy the data stack again, or correct the key's ARN")]
    if state == "PendingDeletion":
        return [failed(f"key: {key} is scheduled for deletion; cancel the deletion in KMS now, then enable the key")]
    if state != "Enabled":
        return [failed(f"key: {key} is {state}; enable it in KMS")]
    return [ok(f"key: {key} is enabled")]
