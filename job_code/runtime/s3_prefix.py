"""Read and write objects in S3. No other module of the job calls S3."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SCHEME = "s3://"
MAX_BYTES_AT_ONCE = 4_000_000_000  # the limit of S3 for one request is 5 GiB


@dataclass(frozen=True)
class S3Prefix:
    """A prefix in an S3 bucket.

    Attributes:
        client: S3 client.
        bucket: The bucket's name.
        prefix: Empty, or ending in `/`.
    """

    client: "S3Client"
    bucket: str
    prefix: str

    @classmethod
    def from_uri(cls, uri: str, *, region: str) -> Self:
        """Connect to `s3://bucket/prefix`, with the credentials of the environment.

        Args:
            uri: Bucket and prefix.
            region: The bucket's region. An isolated network reaches no other region.
        """
        bucket, _, prefix = uri.removeprefix(SCHEME).rstrip("/").partition("/")
        client = boto3.client("s3", region_name=region, config=Config(retries={"mode": "standard", "max_attempts": 10}))
        return cls(client, bucket, f"{prefix}/" if prefix else "")

    def upload(self, file: Path, name: str) -> None:
        """Store a file with its SHA-256. S3 rejects a damaged upload, and keeps the checksum.

        For a file that is too large for one request, S3 keeps a checksum of its parts' checksums.

        Args:
            file: Local file.
            name: Name below the prefix.
        """
        if file.stat().st_size > MAX_BYTES_AT_ONCE:
            self.client.upload_file(
                str(file), self.bucket, self.prefix + name, ExtraArgs={"ChecksumAlgorithm": "SHA256"}
            )
            return
        with file.open("rb") as content:
            self.client.put_object(Bucket=self.bucket, Key=self.prefix + name, Body=content, ChecksumAlgorithm="SHA256")

    def names(self, under: str) -> list[str]:
        """Return the names of all objects below a prefix, sorted.

        Args:
            under: Prefix, relative to this one.
        """
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.prefix + under)
        found = (item["Key"] for page in pages for item in page.get("Contents", ()))
        return sorted(key.removeprefix(self.prefix) for key in found)

    def read(self, name: str) -> bytes:
        """Return the content of a small object. The client verifies the checksum of S3."""
        content: bytes = self.client.get_object(Bucket=self.bucket, Key=self.prefix + name)["Body"].read()
        return content

    def uri(self, name: str) -> str:
        """Return the URI of a name below the prefix."""
        return f"{SCHEME}{self.bucket}/{self.prefix}{name}"
