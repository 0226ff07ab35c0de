"""Requested faults as JSON files in a folder, which the caller's process and the server share.

A fault stays there until a matching event uses it up.
"""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class FaultFiles:
    """The unused faults in `folder`."""

    folder: Path

    def add(self, fault: dict[str, Any]) -> None:
        """Add a fault, after all others."""
        self.folder.mkdir(parents=True, exist_ok=True)
        unfinished = self.folder / f"{time.time_ns():020d}-{uuid.uuid4().hex}.new"
        unfinished.write_text(json.dumps(fault))
        unfinished.rename(unfinished.with_suffix(".json"))

    def clear(self) -> None:
        """Remove the unused faults."""
        for path in self.folder.glob("*.json"):
            path.unlink(missing_ok=True)

    def find(self, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any] | None:
        """Return the oldest fault that fits, without using it up; None if no fault fits."""
        return next((fault for _, fault in self._unused() if fits(fault)), None)

    def take(self, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any] | None:
        """Return and remove the oldest fault that fits; None if no fault fits."""
        for path, fault in self._unused():
            if fits(fault):
                try:
                    path.unlink()
                except FileNotFoundError:  # another event has taken it
                    continue
                return fault
        return None

    def _unused(self) -> Iterator[tuple[Path, dict[str, Any]]]:
        for path in sorted(self.folder.glob("*.json")):
            try:
                yield path, json.loads(path.read_text())
            except FileNotFoundError:  # another event has taken it
                continue
