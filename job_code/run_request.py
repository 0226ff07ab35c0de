"""The request for a run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from contract.s3.keys import RunKeys
from job_code.config import ForecastConfig


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """Input, configuration and mode of a run.

    Attributes:
        run_id: Name of the run's folder.
        partition: Market or merchant group of the demand; `all` if there is only one.
        inputs: Paths by input: `demand`, and optionally `static` and `covariates`.
        config: Configuration of the forecast.
        published: Manifest of the last published run, or its folder. The report compares the run with it.
        model: Folder with the model of an earlier run; None to train a model.
        model_sha256: Checksum of that model, if known.
        min_chunks: Minimum number of chunks to hand over to a fleet; None to forecast in this job.
        today: Date of the run in UTC. Demand cannot be dated later.
    """

    run_id: str
    partition: str
    inputs: Mapping[str, Path]
    config: ForecastConfig
    published: Path | None = None
    model: Path | None = None
    model_sha256: str | None = None
    min_chunks: int | None = None
    today: date = field(default_factory=lambda: datetime.now(UTC).date())

    @property
    def keys(self) -> RunKeys:
        """Keys of the run's files."""
        return RunKeys(partition=self.partition, run_id=self.run_id)
