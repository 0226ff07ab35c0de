"""Points at which executions or jobs pause, so that a test can act at exactly that point.

A point is a file named after a state or after a part of a line. While the file exists, `step_functions.interpreter`
holds the executions in the state, and `sagemaker.instances` holds the jobs that print the line.
"""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote


@dataclass(frozen=True)
class Breakpoints:
    """The points in `folder`, one file each."""

    folder: Path

    def pause(self, name: str) -> None:
        """Add a point."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._file(name).touch()

    def release(self) -> None:
        """Remove all points, so that everything continues."""
        for file in self.folder.glob("*"):
            file.unlink(missing_ok=True)

    def is_paused(self, name: str) -> bool:
        """Return whether there is a point with this name."""
        return self._file(name).exists()

    def match(self, line: str) -> bool:
        """Return whether a line contains the name of a point."""
        return any(unquote(file.name) in line for file in self.folder.glob("*"))

    def _file(self, name: str) -> Path:
        return self.folder / quote(name, safe="")
