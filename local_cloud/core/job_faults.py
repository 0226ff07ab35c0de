"""Faults of jobs that a test may request: no capacity, no quota, an internal error, no spot capacity, no such type.

A fault is one JSON file in a folder, `{"instance_type": "ml.m5.large", "reason": "capacity"}`. The first matching job
uses it up, except for a type that the region lacks. A test causes every other failure through the public API, e.g. it
stops a job.
"""

import json
import uuid
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

FaultReason = Literal["capacity", "quota", "internal", "reclaimed", "unsupported"]
"""The cause of a job's failure.

- `capacity`: the job starts and then fails because SageMaker has no instances of the type.
- `quota`: the server refuses the Create call.
- `internal`: the job fails with an internal server error.
- `reclaimed`: a job on spot capacity stops because it does not get any in time.
- `unsupported`: the server refuses every Create call with the type, as in a region that lacks it.
"""


@dataclass(frozen=True)
class Faults:
    """The unused faults in `folder`."""

    folder: Path

    def add(self, *, instance_type: str | None, reason: FaultReason) -> None:
        """Make the next job on `instance_type` (on any type, if None) fail for `reason`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"{len(list(self.folder.iterdir())):04d}-{uuid.uuid4().hex}"
        unfinished = self.folder / f"{name}.new"
        unfinished.write_text(json.dumps({"instance_type": instance_type, "reason": reason}))
        unfinished.rename(self.folder / f"{name}.json")

    def clear(self) -> None:
        """Remove the unused faults."""
        for path in self.folder.glob("*.json"):
            path.unlink(missing_ok=True)

    def matches(self, *, instance_type: str, reason: FaultReason) -> bool:
        """Return whether a fault matches, without using it up."""
        for path in self.folder.glob("*.json"):
            with suppress(FileNotFoundError):  # another job has used it up
                fault = json.loads(path.read_text())
                if (fault["reason"], fault["instance_type"]) == (reason, instance_type):
                    return True
        return False

    def take(self, *, instance_type: str, reasons: Iterable[FaultReason]) -> FaultReason | None:
        """Return and remove the oldest matching fault; None if no fault matches."""
        for path in sorted(self.folder.glob("*.json")):
            fault = json.loads(path.read_text())
            if fault["reason"] in reasons and fault["instance_type"] in (None, instance_type):
                path.unlink()
                reason: FaultReason = fault["reason"]
                return reason
        return None
