"""Objects that may not be there."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def is_there(s3: "S3Client", *, bucket: str, key: str) -> bool:
    """Whether an object exists.

    Asked of a list: a role that may list one prefix only gets a 403 for a missing object, not a 404.
    """
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1).get("Contents", [])
    return key in [item["Key"] for item in listed]


def read_object(s3: "S3Client", *, bucket: str, key: str) -> tuple[bytes, str] | None:
    """Content and ETag of an object; None where there is none."""
    if not is_there(s3, bucket=bucket, key=key):
        return None
    answer = s3.get_object(Bucket=bucket, Key=key)
    return answer["Body"].read(), answer["ETag"]
