"""The error of a file whose rows cannot all be read. The words of the library that failed never reach the user."""

import contextlib
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import IO, TextIO

STDERR = 2  # the file that native code writes to
PANIC = b"panicked at"


class UnreadableFileError(Exception):
    """A file cannot be read whole. The message says where and why, without the file's name.

    Args:
        reason: Where and why, for example `line 7 has fewer values than the header`.
        remedy: What the user must do: an imperative sentence without its period.
        file_format: Name of the file's format; empty while it is unknown.
    """

    def __init__(self, reason: str, *, remedy: str, file_format: str = "") -> None:
        super().__init__(reason, remedy, file_format)
        self.reason, self.remedy, self.file_format = reason, remedy, file_format

    def __reduce__(self) -> tuple[object, ...]:
        """Return how to restore the error in another process: exceptions forget keyword arguments."""
        return partial(UnreadableFileError, remedy=self.remedy, file_format=self.file_format), (self.reason,)

    def __str__(self) -> str:
        """Return the reason."""
        return self.reason


class UnknownTypeError(UnreadableFileError):
    """A column has a type that the job cannot read.

    Args:
        column: Name of the column.
        dtype: Name of the type.
    """

    def __init__(self, column: str, dtype: str) -> None:
        super().__init__(
            f"the column {column} has the type {dtype}, which the job cannot read",
            remedy="Write the column as another type, or leave it out if it is not used",
        )


class _Diversion:
    """Native output to stderr, kept in a file while anybody reads. Python's own output is shown at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._open_files = contextlib.ExitStack()

    def begin(self) -> None:
        """Divert native output, unless it already is diverted."""
        with self._lock:
            self._users += 1
            if self._users > 1:
                return
            sys.stderr.flush()
            with contextlib.ExitStack() as opened:
                original = os.dup(STDERR)
                opened.callback(os.close, original)
                kept = opened.enter_context(tempfile.TemporaryFile())
                opened.callback(_show, kept, original)
                os.dup2(kept.fileno(), STDERR)
                opened.callback(os.dup2, original, STDERR)
                if _writes_to_stderr(sys.stderr):
                    opened.enter_context(contextlib.redirect_stderr(os.fdopen(os.dup(original), "w", buffering=1)))
                self._open_files = opened.pop_all()

    def end(self) -> None:
        """Restore stderr after the last reader, and show what was written by anything but a panic."""
        with self._lock:
            self._users -= 1
            if not self._users:
                self._open_files.close()


_diversion = _Diversion()


@contextmanager
def hidden_panics() -> Iterator[None]:
    """Hide the text of panics. Other text of native code appears afterwards."""
    _diversion.begin()
    try:
        yield
    finally:
        _diversion.end()


def _show(kept: IO[bytes], original: int) -> None:
    kept.seek(0)
    text = kept.read()
    if PANIC not in text:
        os.write(original, text)


def _writes_to_stderr(stream: TextIO) -> bool:
    try:
        return stream.fileno() == STDERR
    except (OSError, ValueError):  # pytest's has no file
        return False
