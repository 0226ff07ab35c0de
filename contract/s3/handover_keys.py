"""Builds the S3 keys of what a training job hands over to a fleet, and of the fleet's notes.

```
handover/partition=.../run_id=.../common/handover.json         names all the rest
                                 /common/covariates-0.tar      values that all pieces share
                                 /common/_manifest.json        of the last published run, for the report
                                 /pieces/piece-00000.tar       a piece of demand each
                                 /done/piece-00000.json        its forecast, once that is in its place
                                 /failed/<job>/piece-00000.json   why it has none
                                 /failed/<job>/every-reason.json  all reasons together, once all machines have ended
                                 /ended/<job>/<host>.json         a machine has done what it could
```
"""

from dataclasses import dataclass
from pathlib import PurePosixPath

from contract.s3.keys import ANY, HANDOVER, MANIFEST, run_folder

DOCUMENT = "handover.json"


def piece_name(number: int) -> str:
    """Builds the name that a piece's object and all notes of it share."""
    return f"piece-{number:05d}"


def archive_name(name: str) -> str:
    """Builds the name of the object that a piece, or a folder of shared values, is packed into."""
    return f"{name}.tar"


def name_of(key: str) -> str:
    """Reads the name of a piece or a machine out of the key of its object or note."""
    return PurePosixPath(key).stem


@dataclass(frozen=True, kw_only=True)
class HandoverKeys:
    """The keys of one run; `ANY` in place of a name makes patterns of them.

    Attributes:
        partition: Part of the market.
        run_id: The run.
    """

    partition: str
    run_id: str

    @property
    def folder(self) -> str:
        """The folder of all of it."""
        return run_folder(HANDOVER, partition=self.partition, run_id=self.run_id)

    @property
    def common(self) -> str:
        """The folder of what all machines read."""
        return f"{self.folder}common/"

    @property
    def document(self) -> str:
        """The document, which is written last."""
        return f"{self.common}{DOCUMENT}"

    @property
    def published_manifest(self) -> str:
        """A copy of the last published run's manifest."""
        return f"{self.common}{MANIFEST}"

    def shared(self, name: str) -> str:
        """Builds the key of values that all pieces share."""
        return f"{self.common}{archive_name(name)}"

    @property
    def pieces(self) -> str:
        """The folder of the objects, which the machines divide among them."""
        return f"{self.folder}pieces/"

    def piece(self, name: str) -> str:
        """Builds the key of one piece's object."""
        return f"{self.pieces}{archive_name(name)}"

    @property
    def done(self) -> str:
        """The folder of the notes of pieces whose forecasts are in their place."""
        return f"{self.folder}done/"

    def done_note(self, name: str) -> str:
        """Builds the key of one such note."""
        return f"{self.done}{name}.json"

    @property
    def failed(self) -> str:
        """The folder of all jobs' notes of what failed."""
        return f"{self.folder}failed/"

    def failures(self, job_name: str) -> str:
        """Builds the folder of one job's notes."""
        return f"{self.failed}{job_name}/"

    def failure_note(self, job_name: str, name: str) -> str:
        """Builds the key of the note why a piece has no forecast."""
        return f"{self.failures(job_name)}{name}.json"

    @property
    def ended(self) -> str:
        """The folder of all jobs' notes of machines that have ended."""
        return f"{self.folder}ended/"

    def ends(self, job_name: str) -> str:
        """Builds the folder of one job's notes of machines that have ended."""
        return f"{self.ended}{job_name}/"

    def end_note(self, job_name: str, host: str) -> str:
        """Builds the key of the note that a machine has ended."""
        return f"{self.ends(job_name)}{host}.json"

    def every_reason(self, job_name: str) -> str:
        """Builds the key of all reasons together."""
        return f"{self.failures(job_name)}every-reason.json"


EVERY_HANDOVER = HandoverKeys(partition=ANY, run_id=ANY)


def handovers_of(deployment: str) -> HandoverKeys:
    """Builds the patterns of a deployment's own runs, as `contract.s3.keys.runs_of` does."""
    return HandoverKeys(partition=ANY, run_id=f"{deployment}-*")
