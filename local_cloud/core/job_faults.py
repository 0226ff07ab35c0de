"""Faults of jobs that a test may request: no capacity, no quota, an internal error, no spot capacity, no such type.

A fault is one JSON file in a folder, `{"instance_type": "ml.m5.large", "reason": "capacity"}`. The first matching job
uses it up, except for a type that the region lacks. A test causes every other failure through the public API, e.g. it
stops a job.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from local_cloud.core.fault_files import FaultFiles

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
        FaultFiles(self.folder).add({"instance_type": instance_type, "reason": reason})

    def clear(self) -> None:
        """Remove the unused faults."""
        FaultFiles(self.folder).clear()

    def matches(self, *, instance_type: str, reason: FaultReason) -> bool:
        """Return whether a fault matches, without using it up."""
        wanted = {"instance_type": instance_type, "reason": reason}
        return FaultFiles(self.folder).find(lambda fault: fault == wanted) is not None

    def take(self, *, instance_type: str, reasons: Iterable[FaultReason]) -> FaultReason | None:
        """Return and remove the oldest matching fault; None if no fault matches."""

        def fits(fault: dict[str, Any]) -> bool:
            return fault["reason"] in reasons and fault["instance_type"] in (None, instance_type)

        fault = FaultFiles(self.folder).take(fits)
        return None if fault is None else fault["reason"]
