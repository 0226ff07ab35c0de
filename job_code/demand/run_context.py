"""The request, processes, folders and output that every step of a run uses."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from job_code.config import ForecastConfig
from job_code.demand.work_sizes import WorkSizes
from job_code.run_request import RunRequest
from job_code.runtime.output_store import Output
from job_code.runtime.process_pool import ProcessPool
from job_code.runtime.progress import Progress
from job_code.tables.file_splits import Part, split
from job_code.tables.table_files import TableFile


@dataclass(frozen=True, kw_only=True)
class RunContext:
    """One run on one instance. `run` builds it.

    Attributes:
        request: Input, configuration and mode of the run.
        workers: The processes.
        sizes: Sizes of the work units.
        progress: Logs the progress of the run.
        scratch: Folder for intermediate files. The caller of the run removes it.
        output: Destination of the run's files.
    """

    request: RunRequest
    workers: ProcessPool
    sizes: WorkSizes
    progress: Progress
    scratch: Path
    output: Output

    @property
    def config(self) -> ForecastConfig:
        """The configuration of the forecast."""
        return self.request.config

    @property
    def shards(self) -> Path:
        """Folder of the input in shards."""
        return self.scratch / "shards"

    @property
    def chunks(self) -> Path:
        """Folder of the prepared demand."""
        return self.scratch / "chunks"

    def shares(self, files: Sequence[TableFile]) -> list[list[Part]]:
        """Divide files among as many workers as their rows keep busy."""
        rows = sum(file.rows for file in files)
        return split(files, min(self.workers.count, self.sizes.worthwhile_workers(rows)))

    def make_folders(self) -> None:
        """Create the folders below the scratch folder."""
        self.shards.mkdir()
        self.chunks.mkdir()
