"""S3: checks and keeps checksums, makes conditional writes atomic, and omits emptied folders from listings.

The policies of buckets are checked before.
"""

import threading
from collections.abc import Callable
from typing import Any

from moto.iam.access_control import PermissionResult
from moto.s3.exceptions import S3ClientError
from moto.s3.models import FakeBucket, FakeDeleteMarker, S3Backend
from moto.s3.responses import S3Response
from moto.s3.utils import compute_checksum

from local_cloud.core.patching import patch_attribute

_ALGORITHMS = ("SHA256", "SHA1", "CRC32")


class _BadDigestError(S3ClientError):
    """The content does not have the checksum in the request."""

    code = "BadDigest"


def install() -> None:
    """Apply the changes to moto's S3."""
    patch_attribute(S3Response, "_get_checksum", _checking_checksums)
    patch_attribute(S3Response, "put_object", _one_at_a_time)
    patch_attribute(S3Backend, "list_objects", _without_empty_folders)
    # Moto applies a Deny without its Condition. The policy is checked before the request comes here.
    patch_attribute(FakeBucket, "get_permission", lambda _: lambda *_request: PermissionResult.PERMITTED)


def _checking_checksums(original: Callable[..., Any]) -> Callable[..., Any]:
    """Check a checksum that the caller computed.

    Such a request lacks the header by which moto recognizes that it has a checksum.
    """

    def _get_checksum(self: S3Response, response_headers: dict[str, str]) -> tuple[str, str | None]:
        for algorithm in _ALGORITHMS:
            header = f"x-amz-checksum-{algorithm.lower()}"
            expected = self.headers.get(header)
            if expected is None:
                continue
            computed = compute_checksum(self.body or b"", algorithm=algorithm).decode()
            if expected != computed:
                raise _BadDigestError(f"The {algorithm} you specified did not match the calculated checksum.")
            response_headers[header] = expected
            return algorithm, expected
        found: tuple[str, str | None] = original(self, response_headers)
        return found

    return _get_checksum


def _one_at_a_time(original: Callable[..., Any]) -> Callable[..., Any]:
    """Let only one request write at a time.

    Moto first checks If-Match and If-None-Match and then writes. Another writer must not run in between.
    """
    lock = threading.Lock()

    def put_object(self: S3Response) -> object:
        with lock:
            return original(self)

    return put_object


def _without_empty_folders(original: Callable[..., Any]) -> Callable[..., Any]:
    """Remove common prefixes without objects from a listing.

    Moto also counts the delete markers of a versioned bucket as objects when it collects common prefixes.
    """

    def list_objects(
        self: S3Backend,
        bucket: FakeBucket,
        prefix: str | None,
        delimiter: str | None,
        marker: str | None,
        max_keys: int | None,
    ) -> tuple[object, ...]:
        keys, folders, *rest = original(self, bucket, prefix, delimiter, marker, max_keys)
        if delimiter and folders:
            start = prefix or ""
            below = (
                name.removeprefix(start)
                for name, key in bucket.keys.items()
                if name.startswith(start) and not isinstance(key, FakeDeleteMarker)
            )
            existing = {start + name.split(delimiter)[0] + delimiter for name in below if delimiter in name}
            folders = [folder for folder in folders if folder in existing]
        return keys, folders, *rest

    return list_objects
