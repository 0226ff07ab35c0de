"""The files in the demand bucket, as S3 lists them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from contract.data_files import is_hidden, is_input

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class DataFile:
    """An object of the demand bucket.

    Attributes:
        name: Key below the prefix.
        version: Text that changes if the file is rewritten.
        bytes: Size in bytes.
        written: Time of the last write, ISO time.
    """

    name: str
    version: str
    bytes: int
    written: str


@dataclass(frozen=True)
class DemandFiles:
    """Summary of the files under the demand's prefix.

    Attributes:
        uri: The prefix.
        tables: Number of files that may be tables. The job recognizes them by their content.
        bytes: Total size in bytes.
        newest: Time at which the newest table was written, ISO time; empty if there is none.
    """

    uri: str
    tables: int
    bytes: int
    newest: str

    @classmethod
    def of(cls, files: Sequence[DataFile], uri: str) -> "DemandFiles":
        """Summarize files.

        Args:
            files: The files under the prefix.
            uri: URI of the prefix.
        """
        tables = [file for file in files if not is_hidden(file.name)]
        return cls(
            uri=uri,
            tables=len(tables),
            bytes=sum(file.bytes for file in files),
            newest=max((file.written for file in tables), default=""),
        )


def data_files(s3: "S3Client", *, bucket: str, prefix: str) -> list[DataFile]:
    """List the files under a prefix, without folder markers and hidden files, but with the logs of Delta tables.

    Args:
        s3: An S3 client.
        bucket: The bucket.
        prefix: The prefix, with a slash at its end.
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
    return name != "" and not name.endswith("/") and is_input(name)
