"""Upload the forecasts and the marker of each chunk while the next chunks are forecast."""

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
    """Uploads results in background threads. As a context manager, it waits for all uploads.

    Attributes:
        handover: The handover of the run.
        job_name: Name of the processing job; failure markers are stored per job.
        output: Store of the run's files.
        scratch: Folder for temporary files.
    """

    handover: Handover
    job_name: str
    output: Output
    scratch: Path
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(UPLOADS_AT_A_TIME))
    _under_way: "deque[Future[None]]" = field(default_factory=deque)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=error is not None)
        if error is None:
            while self._under_way:
                self._under_way.popleft().result()

    def put(self, result: ArchiveResult) -> None:
        """Start the upload of the result of one chunk.

        Raises:
            ClientError: If an earlier upload failed.
        """
        while self._under_way and self._under_way[0].done():
            self._under_way.popleft().result()
        self._under_way.append(self._pool.submit(self._put, result))

    def _put(self, result: ArchiveResult) -> None:
        name = result.chunk.name
        if result.failure is not None:
            failed = self.handover.keys.failure_marker(self.job_name, name)
            marker = {"code": result.failure.code, "reason": failure_line(result.chunk, result.failure)}
            put_json(marker, failed, self.output, self.scratch)
            return
        assert result.file is not None
        assert result.forecast is not None
        folder = result.file.parent
        self.output.put(result.file, self.handover.draft.keys.forecasts + result.chunk.part)
        # The marker is uploaded after the forecasts that it describes.
        completed = {
            "file": result.forecast.file.to_dict(),
            "total": result.forecast.total.tolist(),
            "seconds": result.seconds,
        }
        put_json(completed, self.handover.keys.completed_marker(name), self.output, folder)
        folder.rmdir()


def failure_line(chunk: ArchivedChunk, failure: Failure) -> str:
    """Return one line with the name of a chunk, its number of series and its failure."""
    return f"{chunk.name} ({plural(chunk.series, 'series')}): {one_line(failure.message)}"
