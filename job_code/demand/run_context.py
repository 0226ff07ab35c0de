"""What every step of a run works with: the request, the machine's processes and folders, and where files go."""

from dataclasses import dataclass
from pathlib import Path

from job_code.config import ForecastConfig
from job_code.demand.work_sizes import WorkSizes
from job_code.run_request import RunRequest
from job_code.runtime.output_store import Output
from job_code.runtime.process_pool import Workers
from job_code.runtime.progress import Progress


@dataclass(frozen=True, kw_only=True)
class RunContext:
    """One run on one machine; `run` builds it.

    Attributes:
        request: What to run.
        workers: The processes.
        sizes: How large the chunks of the work are.
        progress: Shows how far the run is.
        scratch: Where files are made; the caller of the run removes it.
        output: Where the run's files go.
    """

    request: RunRequest
    workers: Workers
    sizes: WorkSizes
    progress: Progress
    scratch: Path
    output: Output

    @property
    def config(self) -> ForecastConfig:
        """The forecast's configuration."""
        return self.request.config

    @property
    def shards(self) -> Path:
        """Folder of the input in shards."""
        return self.scratch / "shards"

    @property
    def chunks(self) -> Path:
        """Folder of the prepared demand."""
        return self.scratch / "chunks"

    def make_folders(self) -> None:
        """Make the folders below the scratch folder."""
        self.shards.mkdir()
        self.chunks.mkdir()
