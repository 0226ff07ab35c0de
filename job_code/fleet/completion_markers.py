"""Puts what chunks came to in its place, and a note of each, while the next ones are forecast."""

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from contract.error_codes import one_line
from contract.s3.handover import ArchivedChunk
from job_code.fleet.chunk_worker import ArchiveResult
from job_code.fleet.handover_document import Handover
from job_code.runtime.failures import Failure
from job_code.runtime.output_store import Output, put_json
from job_code.tables.validation_report import plural

UPLOADS_AT_A_TIME = 4


@dataclass(kw_only=True)
class CompletionMarkers:
    """Uploads beside the work; as a context manager, it ends when all is there.

    Attributes:
        handover: The run.
        job_name: The processing job's name; its failures are its own.
        output: Where everything goes.
        scratch: Where files are made.
    """

    handover: Handover
    job_name: str
    output: Output
    scratch: Path
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(UPLOADS_AT_A_TIME))
    _under_way: "deque[Future[None]]" = field(default_factory=deque)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._pool.shutdown(wait=True, cancel_futures=error is not None)
        if error is None:
            while self._under_way:
                self._under_way.popleft().result()

    def put(self, made: ArchiveResult) -> None:
        """Begins to upload what one chunk came to.

        Raises:
            ClientError: If an earlier one could not be uploaded.
        """
        while self._under_way and self._under_way[0].done():
            self._under_way.popleft().result()
        self._under_way.append(self._pool.submit(self._put, made))

    def _put(self, made: ArchiveResult) -> None:
        name = made.chunk.name
        if made.failure is not None:
            failed = self.handover.keys.failure_marker(self.job_name, name)
            note = {"code": made.failure.code, "reason": failure_line(made.chunk, made.failure)}
            put_json(note, failed, self.output, self.scratch)
            return
        assert made.file is not None
        assert made.forecast is not None
        folder = made.file.parent
        self.output.put(made.file, self.handover.draft.keys.forecasts + made.chunk.part)
        # The note comes after what it speaks of.
        done = {
            "file": made.forecast.file.to_dict(),
            "total": made.forecast.total.tolist(),
            "seconds": made.seconds,
        }
        put_json(done, self.handover.keys.completed_marker(name), self.output, folder)
        folder.rmdir()


def failure_line(chunk: ArchivedChunk, failure: Failure) -> str:
    """Says in one line, with the chunk's name, why it has no forecasts."""
    return f"{chunk.name} ({plural(chunk.series, 'series')}): {one_line(failure.message)}"
