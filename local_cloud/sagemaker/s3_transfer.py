"""Transfers between S3 and a job, as SageMaker does them: downloads channels, whole or sharded, and uploads results."""

import json
import os
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import PutObjectRequestTypeDef


class TransferError(Exception):
    """Data cannot be read or written. The message is SageMaker's FailureReason."""


@dataclass(frozen=True)
class S3Location:
    """A bucket and a key or key prefix."""

    bucket: str
    key: str

    @classmethod
    def parse(cls, uri: str) -> "S3Location":
        """Read `s3://bucket/key`.

        Raises:
            TransferError: `uri` is not an S3 URI.
        """
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        if not uri.startswith("s3://") or not bucket:
            raise TransferError(f"ClientError: {uri!r} is not an S3 URI")
        return cls(bucket, key)

    def below(self, *names: str) -> "S3Location":
        """Return the location of `names` under this one."""
        return S3Location(self.bucket, "/".join([*filter(None, [self.key.strip("/")]), *names]))

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True)
class S3Object:
    """One object to download, and its path in the channel's folder."""

    bucket: str
    key: str
    path: str


@dataclass(frozen=True)
class JobInput:
    """Data that a job reads from S3.

    Attributes:
        source: The request's `S3DataSource` or `S3Input`.
        folder: The destination, a path in `/opt/ml`.
    """

    source: dict[str, Any]
    folder: str


def download_inputs(s3: "S3Client", inputs: Iterable[JobInput], folders: list[Path], *, role: str, region: str) -> None:
    """Download inputs to `folders`, the `/opt/ml` of each instance. With `ShardedByS3Key` an instance gets its share.

    Raises:
        TransferError: An input has no objects, or the local cloud does not support its type of source.
    """
    found = [(item, find_objects(s3, item.source, role=role, region=region)) for item in inputs]
    for item, objects in found:
        sharded = item.source.get("S3DataDistributionType") == "ShardedByS3Key"
        for index, folder in enumerate(folders):
            download(s3, objects[index :: len(folders)] if sharded else objects, folder / item.folder)


def find_objects(s3: "S3Client", source: dict[str, Any], *, role: str, region: str) -> list[S3Object]:
    """Return the objects of an `S3DataSource` or `S3Input`, sorted by key.

    A prefix matches as a string: `.../train` also matches `.../train-old/x`.

    Raises:
        TransferError: No object matches, or the local cloud does not support the type of source.
    """
    uri, data_type = source["S3Uri"], source.get("S3DataType", "S3Prefix")
    if data_type == "ManifestFile":
        return list(_from_manifest(s3, S3Location.parse(uri)))
    if data_type != "S3Prefix":
        raise TransferError(f"ClientError: the local cloud does not support S3DataType {data_type}")
    prefix = S3Location.parse(uri)
    try:
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=prefix.bucket, Prefix=prefix.key)
        keys = sorted(item["Key"] for page in pages for item in page.get("Contents", []))
    except s3.exceptions.NoSuchBucket:
        keys = []
    if not keys:
        raise TransferError(
            f'ClientError: Data download failed:No S3 objects found under S3 URL "{uri}" given in input data source. '
            f"Please ensure that the bucket exists in the selected region ({region}), that objects exist under that S3 "
            f'prefix, and that the role "{role}" has "s3:ListBucket" permissions on bucket "{prefix.bucket}".'
        )
    found = [(key, key[len(prefix.key) :].lstrip("/") or Path(key).name) for key in keys if not key.endswith("/")]
    return [S3Object(prefix.bucket, key, path) for key, path in found]


def download(s3: "S3Client", objects: Iterable[S3Object], folder: Path) -> None:
    """Write objects to their paths in `folder`. Create the folder even if `objects` is empty."""
    folder.mkdir(parents=True, exist_ok=True)
    for item in objects:
        target = folder / item.path
        target.parent.mkdir(parents=True, exist_ok=True)
        s3.download_file(item.bucket, item.key, str(target))


def upload_folder(s3: "S3Client", folder: Path, destination: S3Location, *, kms_key: str | None = None) -> None:
    """Upload every file in `folder` to `destination`. Like SageMaker, ignore symbolic links."""
    for path in _files(folder):
        put_file(s3, path, destination.below(path.relative_to(folder).as_posix()), kms_key=kms_key)


def upload_archive(s3: "S3Client", folders: list[Path], destination: S3Location, *, kms_key: str | None = None) -> None:
    """Upload one tar.gz with the merged contents of `folders` (one for each instance) to `destination`."""
    with tempfile.TemporaryDirectory() as temporary:
        archive_path = Path(temporary) / "archive.tar.gz"
        with tarfile.open(archive_path, "w:gz") as archive:
            for folder in folders:
                for path in _files(folder):
                    archive.add(path, arcname=path.relative_to(folder).as_posix())
        put_file(s3, archive_path, destination, kms_key=kms_key)


def put_file(s3: "S3Client", path: Path, destination: S3Location, *, kms_key: str | None) -> None:
    """Upload one file.

    Raises:
        TransferError: S3 refused the upload.
    """
    request: PutObjectRequestTypeDef = {"Bucket": destination.bucket, "Key": destination.key}
    if kms_key:
        request |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key}
    try:
        with path.open("rb") as body:
            request["Body"] = body
            s3.put_object(**request)
    except s3.exceptions.ClientError as error:
        raise TransferError(f"ClientError: Artifact upload failed: {destination}: {error}") from error


def _files(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):
        yield from (path for path in (Path(parent) / name for name in sorted(names)) if not path.is_symlink())


def _from_manifest(s3: "S3Client", location: S3Location) -> Iterator[S3Object]:
    first, *keys = json.loads(s3.get_object(Bucket=location.bucket, Key=location.key)["Body"].read())
    prefix = S3Location.parse(first["prefix"])
    yield from (S3Object(prefix.bucket, prefix.key + key, key) for key in keys)
