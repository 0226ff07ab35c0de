"""The S3 keys of what a training job hands over to a fleet, and of the fleet's completion markers.

```
handover/partition=.../run_id=.../shared/handover.json             names all the others
                                 /shared/covariates-0.tar          values that all chunks share
                                 /shared/published_manifest.json   manifest of the published run, for the report
                                 /chunks/chunk-00000.tar           one chunk of demand
                                 /completed/chunk-00000.json       marker: its forecast is in place
                                 /failures/<job>/chunk-00000.json  marker: why it has no forecast
                                 /failures/<job>/summary.json      all failures, once all instances have ended
                                 /instances/<job>/<host>.json      marker: the instance has ended
```
"""

from dataclasses import dataclass
from pathlib import PurePosixPath

from contract.s3.keys import ANY, HANDOVER, run_folder

DOCUMENT = "handover.json"
PUBLISHED_MANIFEST = "published_manifest.json"


def chunk_name(number: int) -> str:
    """Return the name that a chunk's archive and all its markers share."""
    return f"chunk-{number:05d}"


def archive_name(name: str) -> str:
    """Return the file name of the archive of a chunk or of shared values."""
    return f"{name}.tar"


def name_of(key: str) -> str:
    """Return the name of a chunk or an instance from the key of its archive or marker."""
    return PurePosixPath(key).stem


@dataclass(frozen=True, kw_only=True)
class HandoverKeys:
    """The keys of one run. With `ANY` in place of a name they are patterns.

    Attributes:
        partition: The partition.
        run_id: The run.
    """

    partition: str
    run_id: str

    @property
    def prefix(self) -> str:
        """Prefix of all keys."""
        return run_folder(HANDOVER, partition=self.partition, run_id=self.run_id)

    @property
    def shared(self) -> str:
        """Prefix of the objects that every instance reads."""
        return f"{self.prefix}shared/"

    @property
    def document(self) -> str:
        """The handover document, which is written last."""
        return f"{self.shared}{DOCUMENT}"

    @property
    def published_manifest(self) -> str:
        """The copy of the published run's manifest."""
        return f"{self.shared}{PUBLISHED_MANIFEST}"

    def shared_archive(self, name: str) -> str:
        """Return the key of values that all chunks share."""
        return f"{self.shared}{archive_name(name)}"

    @property
    def chunks(self) -> str:
        """Prefix of the chunks, which SageMaker divides among the instances."""
        return f"{self.prefix}chunks/"

    def chunk_archive(self, name: str) -> str:
        """Return the key of one chunk."""
        return f"{self.chunks}{archive_name(name)}"

    @property
    def completed(self) -> str:
        """Prefix of the markers of chunks whose forecasts are in place."""
        return f"{self.prefix}completed/"

    def completed_marker(self, name: str) -> str:
        """Return the key of the marker of a chunk whose forecasts are in place."""
        return f"{self.completed}{name}.json"

    @property
    def failures(self) -> str:
        """Prefix of the failures of all jobs."""
        return f"{self.prefix}failures/"

    def failures_of(self, job_name: str) -> str:
        """Return the prefix of one job's failures."""
        return f"{self.failures}{job_name}/"

    def failure_marker(self, job_name: str, name: str) -> str:
        """Return the key of the marker that says why a chunk has no forecast."""
        return f"{self.failures_of(job_name)}{name}.json"

    def failure_summary(self, job_name: str) -> str:
        """Return the key of the summary of one job's failures."""
        return f"{self.failures_of(job_name)}summary.json"

    @property
    def instances(self) -> str:
        """Prefix of the markers of all jobs' instances that have ended."""
        return f"{self.prefix}instances/"

    def instances_of(self, job_name: str) -> str:
        """Return the prefix of the markers of one job's instances that have ended."""
        return f"{self.instances}{job_name}/"

    def instance_marker(self, job_name: str, host: str) -> str:
        """Return the key of the marker of an instance that has ended."""
        return f"{self.instances_of(job_name)}{host}.json"


EVERY_HANDOVER = HandoverKeys(partition=ANY, run_id=ANY)


def handovers_of(deployment: str) -> HandoverKeys:
    """Return the patterns of a deployment's own runs, like `contract.s3.keys.runs_of`."""
    return HandoverKeys(partition=ANY, run_id=f"{deployment}-*")
