"""Failures of CloudFormation's resources that a test may request.

A failure is one JSON file in a folder. The next creation of a resource of the type uses it up.
"""

import json
import uuid
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ResourceFaults:
    """The unused failures in `folder`."""

    folder: Path

    def add(self, *, resource_type: str, message: str) -> None:
        """Make the next creation of a resource of the type fail with the service's message."""
        self.folder.mkdir(parents=True, exist_ok=True)
        unfinished = self.folder / f"{uuid.uuid4().hex}.new"
        unfinished.write_text(json.dumps({"resource_type": resource_type, "message": message}))
        unfinished.rename(unfinished.with_suffix(".json"))

    def clear(self) -> None:
        """Remove the unused failures."""
        for path in self.folder.glob("*.json"):
            path.unlink(missing_ok=True)

    def take(self, resource_type: str) -> str | None:
        """Return the message of a failure of the type, and remove the failure; None if there is none."""
        for path in self.folder.glob("*.json"):
            fault = json.loads(path.read_text())
            if fault["resource_type"] == resource_type:
                path.unlink()
                return str(fault["message"])
        return None
