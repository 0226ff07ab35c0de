"""The Parquet files of a query in S3: DuckDB reads the parts of them that it needs, with the caller's permissions."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from fsspec.spec import AbstractBufferedFile, AbstractFileSystem

from local_cloud.athena.tables import QueryError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class S3Files(AbstractFileSystem):  # type: ignore[misc] # fsspec has no types
    """Objects as files that can only be read.

    Attributes:
        bytes_read: Number of bytes that were read from objects so far.
        refusal: Why S3 refused to read an object; None if it did not.
    """

    protocol = "s3"  # DuckDB has code of its own for s3://, which needs a download
    cachable = False

    def __init__(self, client: "S3Client") -> None:
        super().__init__()
        self._client = client
        self.bytes_read = 0
        self.refusal: str | None = None

    def below(self, location: str) -> list[str]:
        """Return the addresses of the files below a location. Athena ignores names that begin with `_` or a dot.

        Args:
            location: `s3://bucket/prefix`, with or without a slash at its end.

        Raises:
            QueryError: The caller may not list the objects.
        """
        bucket, _, prefix = location.removeprefix("s3://").partition("/")
        folder = f"{prefix.rstrip('/')}/"
        try:
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=folder)
            found = [each for page in pages for each in page.get("Contents", []) if each["Size"]]
        except ClientError as error:
            raise QueryError(_refusal(location, error)) from error
        keys = [each["Key"] for each in found if each["Key"].rpartition("/")[2][:1] not in ("_", ".")]
        return [f"s3://{bucket}/{key}" for key in keys]

    def read(self, path: str, start: int, end: int) -> bytes:
        """Return the bytes of an object from `start` to before `end`."""
        bucket, _, key = path.partition("/")
        try:
            found = self._client.get_object(Bucket=bucket, Key=key, Range=f"bytes={start}-{end - 1}")
        except ClientError as error:
            raise self._refused(path, error) from error
        content = found["Body"].read()
        self.bytes_read += len(content)
        return content

    def info(self, path: str, **_options: object) -> dict[str, Any]:
        """Return an object's name and size. fsspec calls this method."""
        path = str(self._strip_protocol(path))
        bucket, _, key = path.partition("/")
        try:
            found = self._client.head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            raise self._refused(path, error) from error
        return {"name": path, "size": found["ContentLength"], "type": "file", "modified": found["LastModified"]}

    def modified(self, path: str) -> datetime:
        """Return the time of an object's last change. DuckDB calls this method."""
        changed: datetime = self.info(path)["modified"]
        return changed

    def _open(self, path: str, mode: str = "rb", **_options: object) -> "_S3File":
        return _S3File(self, path, mode, cache_type="none")

    def _refused(self, path: str, error: ClientError) -> OSError:
        self.refusal = _refusal(f"s3://{path}", error)
        return OSError(self.refusal)


class _S3File(AbstractBufferedFile):  # type: ignore[misc] # fsspec has no types
    """An open object."""

    def _fetch_range(self, start: int, end: int) -> bytes:
        content: bytes = self.fs.read(self.path, start, end)
        return content


def _refusal(location: str, error: ClientError) -> str:
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    name = "PERMISSION_DENIED: Access denied" if status == 403 else "HIVE_CANNOT_OPEN_SPLIT: Cannot read"
    return f"{name} on S3 path: {location}: {error}"
