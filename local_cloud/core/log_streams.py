"""Copies the output of a job to a file that can be followed live, and to CloudWatch Logs."""

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import InputLogEventTypeDef

_MAX_MESSAGE_CHARACTERS = 250_000


class LogStream:
    """One stream of a CloudWatch Logs group. The constructor creates the stream in CloudWatch Logs.

    If the writing role lacks the permission, the stream drops the lines without an error, as on AWS.
    """

    def __init__(self, logs: "CloudWatchLogsClient", *, group: str, stream: str) -> None:
        self._logs, self._group, self._stream = logs, group, stream
        with self._ignore_denied_access():
            self._create()

    def put(self, lines: Sequence[str]) -> None:
        """Add lines with the current time as their timestamp."""
        now = int(time.time() * 1000)
        events: list[InputLogEventTypeDef] = [
            {"timestamp": now, "message": line[:_MAX_MESSAGE_CHARACTERS] or " "} for line in lines
        ]
        if events:
            with self._ignore_denied_access():
                self._logs.put_log_events(logGroupName=self._group, logStreamName=self._stream, logEvents=events)

    def _create(self) -> None:
        exceptions = self._logs.exceptions
        with suppress(exceptions.ResourceAlreadyExistsException):
            try:
                self._logs.create_log_stream(logGroupName=self._group, logStreamName=self._stream)
            except exceptions.ResourceNotFoundException:
                with suppress(exceptions.ResourceAlreadyExistsException):
                    self._logs.create_log_group(logGroupName=self._group)
                self._logs.create_log_stream(logGroupName=self._group, logStreamName=self._stream)

    @contextmanager
    def _ignore_denied_access(self) -> Iterator[None]:
        try:
            yield
        except self._logs.exceptions.ClientError as error:
            if "AccessDenied" not in error.response["Error"]["Code"]:
                raise


class LogPump(threading.Thread):
    """Copies the lines of a pipe to a file and a stream as they arrive, until the pipe ends."""

    def __init__(self, pipe: int, *, path: Path, stream: LogStream, on_line: Callable[[str], None]) -> None:
        super().__init__(daemon=True)
        self._pipe, self._path, self._stream, self._on_line = pipe, path, stream, on_line

    def run(self) -> None:
        """Copy until the pipe ends.

        The file gets every byte immediately. The stream gets a line when it is complete.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        rest = b""
        with self._path.open("ab") as file:
            while chunk := os.read(self._pipe, 65536):
                file.write(chunk)
                file.flush()
                *lines, rest = (rest + chunk).split(b"\n")
                texts = [line.decode(errors="replace").rstrip("\r") for line in lines]
                self._stream.put(texts)
                for text in texts:
                    self._on_line(text)
            if rest:
                self._stream.put([rest.decode(errors="replace")])
