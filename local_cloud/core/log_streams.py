"""What a job prints: to a file that can be followed live, and to CloudWatch Logs."""

import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import InputLogEventTypeDef

_LONGEST_MESSAGE = 250_000


class LogStream:
    """One stream of a CloudWatch Logs group, made when it is; silent where the role that writes may not, as on AWS."""

    def __init__(self, logs: "CloudWatchLogsClient", *, group: str, stream: str) -> None:
        self._logs, self._group, self._stream = logs, group, stream
        with self._as_far_as_allowed():
            self._make()

    def put(self, lines: Sequence[str]) -> None:
        """Adds lines, all with the time of now."""
        now = int(time.time() * 1000)
        events: list[InputLogEventTypeDef] = [
            {"timestamp": now, "message": line[:_LONGEST_MESSAGE] or " "} for line in lines
        ]
        if events:
            with self._as_far_as_allowed():
                self._logs.put_log_events(logGroupName=self._group, logStreamName=self._stream, logEvents=events)

    def _make(self) -> None:
        exceptions = self._logs.exceptions
        with suppress(exceptions.ResourceAlreadyExistsException):
            try:
                self._logs.create_log_stream(logGroupName=self._group, logStreamName=self._stream)
            except exceptions.ResourceNotFoundException:
                with suppress(exceptions.ResourceAlreadyExistsException):
                    self._logs.create_log_group(logGroupName=self._group)
                self._logs.create_log_stream(logGroupName=self._group, logStreamName=self._stream)

    @contextmanager
    def _as_far_as_allowed(self) -> Iterator[None]:
        try:
            yield
        except self._logs.exceptions.ClientError as error:
            if "AccessDenied" not in error.response["Error"]["Code"]:
                raise


class LogPump(threading.Thread):
    """Copies a pipe, line by line as they come, to a file and a stream, until the pipe's end."""

    def __init__(self, pipe: int, *, path: Path, stream: LogStream) -> None:
        super().__init__(daemon=True)
        self._pipe, self._path, self._stream = pipe, path, stream

    def run(self) -> None:
        """Pumps; a line without an end is held back until it has one."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        rest = b""
        with self._path.open("ab") as file:
            while chunk := os.read(self._pipe, 65536):
                file.write(chunk)
                file.flush()
                *lines, rest = (rest + chunk).split(b"\n")
                self._stream.put([line.decode(errors="replace").rstrip("\r") for line in lines])
            if rest:
                self._stream.put([rest.decode(errors="replace")])
