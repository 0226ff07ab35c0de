"""Builds and parses the S3 keys of the demand bucket and of runs.

With `ANY` as a name, a builder returns the IAM pattern of its keys. So a grant covers exactly the keys that the code
writes. Every prefix ends in a slash, because S3 compares prefixes as text.
"""

import re
from dataclasses import dataclass

from contract import job_start

ANY = "*"

# Prefixes of the demand bucket.
DEMAND = f"{job_start.DEMAND}/"
STATIC = f"{job_start.STATIC}/"
COVARIATES = f"{job_start.COVARIATES}/"
INPUTS = (DEMAND, STATIC, COVARIATES)

# Prefixes of the forecast bucket.
FORECASTS = "forecasts/"
REPORTS = "reports/"
MODELS = "models/"
HANDOVER = "handover/"
# SageMaker's own output of a job. The job uploads its forecasts itself.
JOB_OUTPUT = "training-output/"
# Lists and outcomes of executions that run all partitions.
PARTITIONS = "partitions/"
QUERY_RESULTS = "athena-results/"

# File names below the prefix of a run or a partition.
MANIFEST = "_manifest.json"
POINTER = "_published.json"
MODEL_DOCUMENT = "model.json"
# First part of the names of files with forecasts.
PART = "part-"

_PARTITION = "partition="
# First part of the prefixes of all partitions' demand.
DEMAND_OF_PARTITIONS = f"{DEMAND}{_PARTITION}"
_RUN = "run_id="
_RUN_FOLDER = re.compile(rf"[^/]+/{_PARTITION}[^/]+/{_RUN}([^/]+)/")
_DEMAND_FOLDER = re.compile(rf"{DEMAND_OF_PARTITIONS}([^/]+)/")


def channel_of(prefix: str) -> str:
    """Return the name of the SageMaker channel of one of the inputs."""
    return prefix.removesuffix("/")


def partition_folder(partition: str) -> str:
    """Return the key part of a partition, which follows every prefix of runs and inputs."""
    return f"{_PARTITION}{partition}/"


def partition_of_demand(folder: str) -> str | None:
    """Return the partition of a demand prefix; None for another prefix."""
    found = _DEMAND_FOLDER.fullmatch(folder)
    return found[1] if found else None


def run_folder(prefix: str, *, partition: str, run_id: str) -> str:
    """Return the prefix of a run below one of the prefixes of the forecast bucket."""
    return f"{prefix}{partition_folder(partition)}{_RUN}{run_id}/"


def run_folder_of(key: str, *, run_id: str) -> str | None:
    """Return the prefix of a run from the key of one of its files; None for a file of another run."""
    found = _RUN_FOLDER.match(key)
    return found[0] if found is not None and found[1] == run_id else None


def pointer_key(partition: str) -> str:
    """Return the key of a partition's pointer, which names the published run."""
    return f"{FORECASTS}{partition_folder(partition)}{POINTER}"


def part_name(number: int) -> str:
    """Return the name of one file of forecasts."""
    return f"{PART}{number:05d}.parquet"


@dataclass(frozen=True, kw_only=True)
class RunKeys:
    """The keys of one run. With `ANY` in place of a name they are patterns.

    Attributes:
        partition: The partition.
        run_id: The run.
    """

    partition: str
    run_id: str

    @property
    def forecasts(self) -> str:
        """Prefix of the forecasts and their manifest."""
        return self._folder(FORECASTS)

    @property
    def manifest(self) -> str:
        """The manifest, which is written last and completes a run."""
        return f"{self.forecasts}{MANIFEST}"

    @property
    def reports(self) -> str:
        """Prefix of the run's reports for people."""
        return self._folder(REPORTS)

    @property
    def report(self) -> str:
        """The report with charts and scores."""
        return f"{self.reports}report.html"

    @property
    def data_quality(self) -> str:
        """The data-quality report of the run's input; the only file of a run whose input was invalid."""
        return f"{self.reports}data_quality.json"

    @property
    def gate_violations(self) -> str:
        """The thresholds that the run exceeds; written when the quality gate rejects it."""
        return f"{self.reports}gate_violations.json"

    @property
    def models(self) -> str:
        """Prefix of the model that the run trained."""
        return self._folder(MODELS)

    @property
    def model_document(self) -> str:
        """The document that lists all other files of the model."""
        return f"{self.models}{MODEL_DOCUMENT}"

    @property
    def folders(self) -> tuple[str, ...]:
        """All prefixes of the run. That of the forecasts is last, because with it readers see the run."""
        return self.reports, self.models, self.forecasts

    def _folder(self, prefix: str) -> str:
        return run_folder(prefix, partition=self.partition, run_id=self.run_id)


EVERY_RUN = RunKeys(partition=ANY, run_id=ANY)


def runs_of(deployment: str) -> RunKeys:
    """Return the patterns of a deployment's own runs. Runs are named after jobs, and jobs after the deployment."""
    return RunKeys(partition=ANY, run_id=f"{deployment}-*")
