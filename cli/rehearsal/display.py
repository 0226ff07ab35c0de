"""Shows an execution as it happens: its states, and under them what the job prints."""

import json
import sys
from dataclasses import dataclass, field
from datetime import datetime
from typing import TextIO

from local_cloud import ExecutionEnded, ExecutionEvent, JobLogLine, StateEvent

MARKS = {"entered": "▸", "succeeded": "✓", "failed": "✗", "caught": "↳"}
COLOURS = {"entered": "36", "succeeded": "32", "failed": "31", "caught": "33"}


@dataclass
class Display:
    """A line an event.

    Attributes:
        stream: Where it is shown; coloured on a terminal.
    """

    stream: TextIO = sys.stdout
    _entered: dict[str, datetime] = field(default_factory=dict)

    def heading(self, text: str) -> None:
        """Begins a part of the rehearsal."""
        self._line(self._coloured("1", f"\n{text}"))

    def say(self, text: str) -> None:
        """Shows one line."""
        self._line(f"  {text}")

    def show(self, event: ExecutionEvent) -> None:
        """Shows one event of an execution."""
        match event:
            case StateEvent(state=state, change="entered", time=time):
                self._entered[state] = time
                self._state("entered", state, "")
            case StateEvent(state=state, change=change, time=time):
                seconds = (time - self._entered.get(state, time)).total_seconds()
                self._state(change, state, f"{seconds:.1f} s  {event.error}".rstrip())
            case JobLogLine(line=line):
                self._line(f"      {_for_people(line)}")
            case ExecutionEnded(status=status):
                self._line(self._coloured("32" if status == "SUCCEEDED" else "31", f"  {status}"))

    def _state(self, change: str, state: str, note: str) -> None:
        self._line(f"  {self._coloured(COLOURS[change], MARKS[change])} {state:<32} {note}".rstrip())

    def _coloured(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.stream.isatty() else text

    def _line(self, text: str) -> None:
        self.stream.write(f"{text}\n")
        self.stream.flush()


def _for_people(line: str) -> str:
    """What a line of a job's log says, and when; a line that is no JSON as it is."""
    try:
        entry = json.loads(line)
        moment = datetime.fromisoformat(entry["timestamp"]).astimezone()
        return f"{moment:%H:%M:%S} {entry['message']}"
    except (ValueError, TypeError, KeyError):
        return line
