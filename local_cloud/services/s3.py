"""S3: checksums are checked and kept, conditions hold between two writers, and an emptied folder is not listed."""

import threading
from collections.abc import Callable
from typing import Any

from moto.s3.exceptions import S3ClientError
from moto.s3.models import FakeBucket, FakeDeleteMarker, S3Backend
from moto.s3.responses import S3Response
from moto.s3.utils import compute_checksum

from local_cloud.core.patching import replace

_ALGORITHMS = ("SHA256", "SHA1", "CRC32")


class _BadDigestError(S3ClientError):
    """The content does not have the checksum the request says it has."""

    code = "BadDigest"


def install() -> None:
    """Puts the differences into moto's S3."""
    replace(S3Response, "_get_checksum", _reading_given_checksums)
    replace(S3Response, "put_object", _one_at_a_time)
    replace(S3Backend, "list_objects", _of_what_is_there)


def _reading_given_checksums(original: Callable[..., Any]) -> Callable[..., Any]:
    """A checksum the caller has computed comes without the header by which moto knows that there is one."""

    def _get_checksum(self: S3Response, response_headers: dict[str, str]) -> tuple[str, str | None]:
        for algorithm in _ALGORITHMS:
            header = f"x-amz-checksum-{algorithm.lower()}"
            given = self.headers.get(header)
            if given is None:
                continue
            computed = compute_checksum(self.body or b"", algorithm=algorithm).decode()
            if given != computed:
                raise _BadDigestError(f"The {algorithm} you specified did not match the calculated checksum.")
            response_headers[header] = given
            return algorithm, given
        found: tuple[str, str | None] = original(self, response_headers)
        return found

    return _get_checksum


def _one_at_a_time(original: Callable[..., Any]) -> Callable[..., Any]:
    """Moto looks at If-Match and If-None-Match, then writes; another writer must not come in between."""
    lock = threading.Lock()

    def put_object(self: S3Response) -> object:
        with lock:
            return original(self)

    return put_object


def _of_what_is_there(original: Callable[..., Any]) -> Callable[..., Any]:
    """Moto takes the delete markers of a versioned bucket for objects where it looks for common prefixes."""

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
            begin = prefix or ""
            below = (
                name.removeprefix(begin)
                for name, key in bucket.keys.items()
                if name.startswith(begin) and not isinstance(key, FakeDeleteMarker)
            )
            there = {begin + name.split(delimiter)[0] + delimiter for name in below if delimiter in name}
            folders = [folder for folder in folders if folder in there]
        return keys, folders, *rest

    return list_objects
