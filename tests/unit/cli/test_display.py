"""Display of an execution in a pipe and on a terminal."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from cli.rehearsal.display import Display
from local_cloud import ExecutionEnded, JobLogLine, StateEvent

BEGIN = datetime(2026, 11, 23, 5, tzinfo=UTC)

LINE = "[bold]not JSON[/bold] :smile: " + "x" * 200


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(stream: io.StringIO) -> str:
    display = Display(Console(file=stream, soft_wrap=True, markup=False, highlight=False, emoji=False))
    with display.progress("starting"):
        display.show(StateEvent(state="Plan", change="entered", time=BEGIN))
        display.show(
            JobLogLine(time=BEGIN, job_name="j", host="algo-1", line="[bold]not JSON[/bold] :smile: " + "x" * 200)
        )
        display.show(StateEvent(state="Plan", change="failed", time=BEGIN + timedelta(seconds=2), error="Refused"))
        display.show(ExecutionEnded(time=BEGIN, status="FAILED", error="Refused", cause="", output={}))
    return stream.getvalue()


def test_a_pipe_gets_plain_lines() -> None:
    assert shown(io.StringIO()).splitlines() == [
        "  ▸ Plan",
        f"      {LINE}",
        "  ✗ Plan                             2.0 s  Refused",
        "  FAILED",
    ]


def test_a_terminal_gets_colors_and_the_current_state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    text = shown(Terminal())
    assert "\x1b[31m✗\x1b[0m Plan" in text
    assert "starting" in text
    assert "0:00:00" in text
