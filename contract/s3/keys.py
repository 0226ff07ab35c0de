"""Builds the S3 keys of the demand bucket and of runs, and takes keys apart.

The IAM pattern of a key is the key that the same builder makes of `ANY`: a grant so covers just what the code writes.
Every prefix ends in a slash, because S3 compares prefixes as text.
"""

import re
from dataclasses import dataclass

from contract import job_start

ANY = "*"

# Of the demand bucket.
DEMAND = f"{job_start.DEMAND}/"
STATIC = f"{job_start.STATIC}/"
COVARIATES = f"{job_start.COVARIATES}/"
INPUTS = (DEMAND, STATIC, COVARIATES)

# Of the forecast bucket.
FORECASTS = "forecasts/"
REPORTS = "reports/"
MODELS = "models/"
HANDOVER = "handover/"
# Where SageMaker puts what it packs up itself; the job uploads its forecasts on its own.
JOB_OUTPUT = "training-output/"
# Of executions that run all partitions.
PARTITIONS = "partitions/"
QUERY_RESULTS = "athena-results/"

# Names of files, for who has their folder already.
MANIFEST = "_manifest.json"
POINTER = "_published.json"
MODEL_DOCUMENT = "model.json"
# What names of files with forecasts begin with.
PART = "part-"

_PARTITION = "partition="
# What all folders of partitions with demand begin with, and their form.
DEMAND_OF_PARTITIONS = f"{DEMAND}{_PARTITION}"
_RUN = "run_id="
_RUN_FOLDER = re.compile(rf"[^/]+/{_PARTITION}[^/]+/{_RUN}([^/]+)/")
_DEMAND_FOLDER = re.compile(rf"{DEMAND_OF_PARTITIONS}([^/]+)/")


def channel_of(prefix: str) -> str:
    """Returns the name of the channel by which a job reads one of the inputs."""
    return prefix.removesuffix("/")


def partition_folder(partition: str) -> str:
    """Builds the folder of a partition, which stands below every prefix of runs and of inputs."""
    return f"{_PARTITION}{partition}/"


def partition_of_demand(folder: str) -> str | None:
    """Reads the partition out of the folder of its demand; None where it is another folder."""
    found = _DEMAND_FOLDER.fullmatch(folder)
    return found[1] if found else None


def run_folder(prefix: str, *, partition: str, run_id: str) -> str:
    """Builds the folder that a run has below one of the prefixes."""
    return f"{prefix}{partition_folder(partition)}{_RUN}{run_id}/"


def run_folder_of(key: str, *, run_id: str) -> str | None:
    """Reads the folder of a run out of the key of one of its files; None where the file is none of this run's."""
    found = _RUN_FOLDER.match(key)
    return found[0] if found is not None and found[1] == run_id else None


def pointer_key(partition: str) -> str:
    """Builds the key of the pointer to the run that a partition's readers see."""
    return f"{FORECASTS}{partition_folder(partition)}{POINTER}"


def part_name(number: int) -> str:
    """Builds the name of one file of forecasts."""
    return f"{PART}{number:05d}.parquet"


@dataclass(frozen=True, kw_only=True)
class RunKeys:
    """The keys of one run; `ANY` in place of a name makes patterns of them.

    Attributes:
        partition: Part of the market.
        run_id: The run.
    """

    partition: str
    run_id: str

    @property
    def forecasts(self) -> str:
        """The folder of the forecasts and their manifest."""
        return self._folder(FORECASTS)

    @property
    def manifest(self) -> str:
        """The manifest: the last file of a run, and the one that makes it a run."""
        return f"{self.forecasts}{MANIFEST}"

    @property
    def reports(self) -> str:
        """The folder of what people read about the run."""
        return self._folder(REPORTS)

    @property
    def report(self) -> str:
        """The page with charts and scores."""
        return f"{self.reports}report.html"

    @property
    def data_quality(self) -> str:
        """What the run's input held; a refused run has this file alone."""
        return f"{self.reports}data_quality.json"

    @property
    def held(self) -> str:
        """Why the quality gate holds the run back."""
        return f"{self.reports}gate_violations.json"

    @property
    def models(self) -> str:
        """The folder of the model that the run has trained."""
        return self._folder(MODELS)

    @property
    def model_document(self) -> str:
        """The file that names all other files of the model."""
        return f"{self.models}{MODEL_DOCUMENT}"

    @property
    def folders(self) -> tuple[str, ...]:
        """All folders of the run, that of the forecasts last: with it, readers see the run."""
        return self.reports, self.models, self.forecasts

    def _folder(self, prefix: str) -> str:
        return run_folder(prefix, partition=self.partition, run_id=self.run_id)


EVERY_RUN = RunKeys(partition=ANY, run_id=ANY)


def runs_of(deployment: str) -> RunKeys:
    """Builds the patterns of a deployment's own runs: a run is named after its job, a job after its deployment."""
    return RunKeys(partition=ANY, run_id=f"{deployment}-*")
