"""The one module that talks to S3."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SCHEME = "s3://"
MAX_BYTES_AT_ONCE = 4_000_000_000  # S3 takes 5 GiB


@dataclass(frozen=True)
class S3Prefix:
    """A prefix of a bucket.

    Attributes:
        client: S3 client.
        bucket: The bucket's name.
        prefix: Empty, or ending in `/`.
    """

    client: "S3Client"
    bucket: str
    prefix: str

    @classmethod
    def from_uri(cls, uri: str) -> Self:
        """Connects to `s3://bucket/prefix`, with the region and credentials of the environment."""
        bucket, _, prefix = uri.removeprefix(SCHEME).rstrip("/").partition("/")
        client = boto3.client("s3", config=Config(retries={"mode": "standard", "max_attempts": 10}))
        return cls(client, bucket, f"{prefix}/" if prefix else "")

    def upload(self, file: Path, name: str) -> None:
        """Stores a file, with its SHA-256: S3 refuses what arrives otherwise, and keeps the checksum.

        Of a file that is too large for one request, S3 keeps a checksum of those of its parts.

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
        """Names of all objects below a prefix of this one, sorted."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.prefix + under)
        found = (item["Key"] for page in pages for item in page.get("Contents", ()))
        return sorted(key.removeprefix(self.prefix) for key in found)

    def read(self, name: str) -> bytes:
        """Content of a small object; S3's checksum is compared."""
        content: bytes = self.client.get_object(Bucket=self.bucket, Key=self.prefix + name)["Body"].read()
        return content

    def uri(self, name: str) -> str:
        """URI of a name below the prefix."""
        return f"{SCHEME}{self.bucket}/{self.prefix}{name}"
