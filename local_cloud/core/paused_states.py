"""States at which executions pause, so that a test can act while an execution is in exactly that state.

A pause is a file named after the state. `step_functions.interpreter` waits while the file exists.
"""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote


@dataclass(frozen=True)
class PausedStates:
    """The paused states in `folder`, one file each."""

    folder: Path

    def pause(self, state: str) -> None:
        """Pause every execution that enters this state."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._file(state).touch()

    def release(self) -> None:
        """Let all paused executions continue."""
        for file in self.folder.glob("*"):
            file.unlink(missing_ok=True)

    def is_paused(self, state: str) -> bool:
        """Return whether executions pause at this state."""
        return self._file(state).exists()

    def _file(self, state: str) -> Path:
        return self.folder / quote(state, safe="")
