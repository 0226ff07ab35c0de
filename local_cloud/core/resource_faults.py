"""Failures of CloudFormation's resources that a test may request.

A failure is one JSON file in a folder. The next creation of a resource of the type uses it up.
"""

from dataclasses import dataclass
from pathlib import Path

from local_cloud.core.fault_files import FaultFiles


@dataclass(frozen=True)
class ResourceFaults:
    """The unused failures in `folder`."""

    folder: Path

    def add(self, *, resource_type: str, message: str) -> None:
        """Make the next creation of a resource of the type fail with the service's message."""
        FaultFiles(self.folder).add({"resource_type": resource_type, "message": message})

    def clear(self) -> None:
        """Remove the unused failures."""
        FaultFiles(self.folder).clear()

    def take(self, resource_type: str) -> str | None:
        """Return the message of the oldest failure of the type, and remove it; None if there is none."""
        fault = FaultFiles(self.folder).take(lambda each: each["resource_type"] == resource_type)
        return None if fault is None else str(fault["message"])
