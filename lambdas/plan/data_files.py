"""What lies in the demand bucket, as S3 lists it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from contract.data_files import is_hidden, may_be_table

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class DataFile:
    """An object of the demand bucket.

    Attributes:
        name: Below its prefix.
        version: Changes when it is written anew.
        bytes: Its size.
        written: When it was written, ISO time.
    """

    name: str
    version: str
    bytes: int
    written: str


@dataclass(frozen=True)
class DemandFiles:
    """What lies under the demand's prefix.

    Attributes:
        uri: The prefix.
        tables: How many files the job can read.
        bytes: Size of all.
        newest: When the newest of these was written, ISO time; empty where there is none.
    """

    uri: str
    tables: int
    bytes: int
    newest: str

    @classmethod
    def of(cls, files: Sequence[DataFile], uri: str) -> "DemandFiles":
        """Sums them up.

        Args:
            files: What lies there.
            uri: Of the prefix.
        """
        return cls(
            uri=uri,
            tables=sum(may_be_table(file.name) for file in files),
            bytes=sum(file.bytes for file in files),
            newest=max((file.written for file in files if may_be_table(file.name)), default=""),
        )


def data_files(s3: "S3Client", *, bucket: str, prefix: str) -> list[DataFile]:
    """The files under a prefix; folder markers and hidden files are none.

    Args:
        s3: An S3 client.
        bucket: The bucket.
        prefix: Ends with a slash.
    """
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    found = (
        DataFile(
            name=item["Key"].removeprefix(prefix),
            version=f"{item['ETag']} {item['Size']}",
            bytes=item["Size"],
            written=item["LastModified"].isoformat(),
        )
        for page in pages
        for item in page.get("Contents", ())
    )
    return [file for file in found if _is_data_file(file.name)]


def _is_data_file(name: str) -> bool:
    return name != "" and not name.endswith("/") and not is_hidden(name)
