"""What to run, and where its files go."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from contract.s3.keys import RunKeys
from job_code.config import ForecastConfig


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """What to run.

    Attributes:
        run_id: Names this run's folder.
        partition: Market or merchant group the demand belongs to; `all` where there is one.
        inputs: Path of `demand`, and of `static` and `covariates` where there are some.
        config: The forecast's configuration.
        published: Manifest of the last published run, or a folder with it, for the report to compare with.
        model: Files of the model that an earlier run trained; None to train one.
        model_sha256: Checksum of that model, where it is known.
        min_chunks: Number of chunks to hand over to a fleet at least; None to forecast in this job.
    """

    run_id: str
    partition: str
    inputs: Mapping[str, Path]
    config: ForecastConfig
    published: Path | None = None
    model: Path | None = None
    model_sha256: str | None = None
    min_chunks: int | None = None

    @property
    def keys(self) -> RunKeys:
        """Where the run's files go."""
        return RunKeys(partition=self.partition, run_id=self.run_id)
