"""Print an execution as it happens: its states, and the job's log below them."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from rich.console import Console
from rich.text import Text

from cli.console import OUTPUT, progress
from local_cloud import ExecutionEnded, ExecutionEvent, JobLogLine, StateEvent

MARKS = {"entered": "▸", "succeeded": "✓", "failed": "✗", "caught": "↳"}
COLORS = {"entered": "cyan", "succeeded": "green", "failed": "red", "caught": "yellow"}


@dataclass
class Display:
    """Print a line for each event. On a terminal, a spinner below shows the current state.

    Attributes:
        console: Console for the lines.
    """

    console: Console = OUTPUT
    _entered: dict[str, datetime] = field(default_factory=dict)
    _spin: Callable[[str], None] | None = None

    def heading(self, text: str) -> None:
        """Print the heading of a part of the rehearsal."""
        self.console.print(Text(f"\n{text}", "bold"))

    def say(self, text: str) -> None:
        """Print one line."""
        self.console.print(f"  {text}")

    @contextmanager
    def progress(self, text: str) -> Iterator[None]:
        """Show the current activity while the block runs. Events of an execution replace the text."""
        with progress(text, console=self.console) as self._spin:
            try:
                yield
            finally:
                self._spin = None

    def show(self, event: ExecutionEvent) -> None:
        """Print one event of an execution."""
        match event:
            case StateEvent(state=state, change="entered", time=time):
                self._entered[state] = time
                if self._spin is not None:
                    self._spin(state)
                self._state("entered", state, "")
            case StateEvent(state=state, change=change, time=time):
                seconds = (time - self._entered.get(state, time)).total_seconds()
                self._state(change, state, f"{seconds:.1f} s  {event.error}".rstrip())
            case JobLogLine(line=line):
                self.console.print(f"      {_format_log_line(line)}")
            case ExecutionEnded(status=status):
                self.console.print(Text(f"  {status}", "green" if status == "SUCCEEDED" else "red"))

    def _state(self, change: str, state: str, details: str) -> None:
        text = f" {f'{state:<32} {details}'.rstrip()}"
        self.console.print(Text.assemble("  ", (MARKS[change], COLORS[change]), text))


def _format_log_line(line: str) -> str:
    """Return the time and message of a JSON log line; return any other line unchanged."""
    try:
        entry = json.loads(line)
        moment = datetime.fromisoformat(entry["timestamp"]).astimezone()
        return f"{moment:%H:%M:%S} {entry['message']}"
    except (ValueError, TypeError, KeyError):
        return line
