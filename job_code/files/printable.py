"""Paths with any bytes: names for messages, and paths for libraries that take a path as text."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def printable(name: str) -> str:
    r"""Return a name as text that can be printed and stored. Bytes that are not UTF-8 become `\xe4`."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


@contextmanager
def utf8_path(path: Path) -> Iterator[Path]:
    """Provide a path that is valid UTF-8: the same path, or a temporary link to it. Libraries cannot open others."""
    if printable(str(path)) == str(path):
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        link = Path(folder) / "file"
        link.symlink_to(path.absolute())
        yield link
