"""Failures of the platform that a test may ask for: no capacity, no quota, an internal error, no spare capacity.

A fault is one JSON file in a folder, `{"instance_type": "ml.m5.large", "reason": "capacity"}`, used up by the first job
it fits. Everything else a test wants to go wrong, it brings about through the public API (it stops a job, say).
"""

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

FaultReason = Literal["capacity", "quota", "internal", "reclaimed"]
"""`capacity`: the job starts and fails for want of machines; `quota`: the create call is refused; `internal`: the job
fails with an internal server error; `reclaimed`: the job, on spot capacity, gets none in time."""


@dataclass(frozen=True)
class Faults:
    """The faults waiting in `folder`."""

    folder: Path

    def add(self, *, instance_type: str | None, reason: FaultReason) -> None:
        """Makes the next job on `instance_type` (any, if None) fail for `reason`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"{len(list(self.folder.iterdir())):04d}-{uuid.uuid4().hex}"
        unfinished = self.folder / f"{name}.new"
        unfinished.write_text(json.dumps({"instance_type": instance_type, "reason": reason}))
        unfinished.rename(self.folder / f"{name}.json")

    def clear(self) -> None:
        """Takes back what has not happened."""
        for path in self.folder.glob("*.json"):
            path.unlink(missing_ok=True)

    def take(self, *, instance_type: str, reasons: Iterable[FaultReason]) -> FaultReason | None:
        """Returns and removes the oldest fault that fits; None where there is none."""
        for path in sorted(self.folder.glob("*.json")):
            fault = json.loads(path.read_text())
            if fault["reason"] in reasons and fault["instance_type"] in (None, instance_type):
                path.unlink()
                reason: FaultReason = fault["reason"]
                return reason
        return None
