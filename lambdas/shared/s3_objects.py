"""Read S3 objects that may be missing."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def is_there(s3: "S3Client", *, bucket: str, key: str) -> bool:
    """Return whether an object exists.

    The function lists keys, because a role with list permission on one prefix gets a 403 for a missing object.
    """
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1).get("Contents", [])
    return key in [item["Key"] for item in listed]


def read_object(s3: "S3Client", *, bucket: str, key: str) -> tuple[bytes, str] | None:
    """Return content and ETag of an object; None if it is missing."""
    if not is_there(s3, bucket=bucket, key=key):
        return None
    answer = s3.get_object(Bucket=bucket, Key=key)
    return answer["Body"].read(), answer["ETag"]
