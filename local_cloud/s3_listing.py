"""S3 lists: a folder of which everything was deleted is none."""

from collections.abc import Callable
from typing import Any

from moto.s3.models import FakeDeleteMarker, S3Backend

from local_cloud.patching import replace


def install() -> None:
    """Puts the difference into moto's S3."""
    replace(S3Backend, "list_objects", _of_what_is_there)


def _of_what_is_there(original: Callable[..., Any]) -> Callable[..., Any]:
    """Moto takes the delete markers of a versioned bucket for objects where it looks for common prefixes."""

    def list_objects(
        self: Any,  # noqa: ANN401
        bucket: Any,  # noqa: ANN401
        prefix: str | None,
        delimiter: str | None,
        marker: str | None,
        max_keys: int | None,
    ) -> Any:  # noqa: ANN401
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
