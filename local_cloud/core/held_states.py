"""States that a test holds where they are entered, so that it can act on an execution there and nowhere else.

A hold is a file named after the state; `step_functions.interpreter` waits while it is there.
"""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote


@dataclass(frozen=True)
class HeldStates:
    """The holds in `folder`."""

    folder: Path

    def hold(self, state: str) -> None:
        """Has every execution wait that enters this state."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._file(state).touch()

    def release(self) -> None:
        """Lets all of them go on."""
        for file in self.folder.glob("*"):
            file.unlink(missing_ok=True)

    def is_held(self, state: str) -> bool:
        """Whether executions wait in this state."""
        return self._file(state).exists()

    def _file(self, state: str) -> Path:
        return self.folder / quote(state, safe="")
