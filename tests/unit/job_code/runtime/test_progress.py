import io
import re

import pytest

from job_code.runtime import progress as progress_module
from job_code.runtime.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_lines_are_plain_without_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress_module, "SECONDS_BETWEEN_LINES", 0.0)
    stream = io.StringIO()
    progress = Progress(stream)
    with progress.stage("fit") as advance:
        for done in range(1, 6):  # one more than the total
            advance(done / 4)
    lines = stream.getvalue().splitlines()
    assert [int(re.findall(r"(\d+)%", line)[0]) for line in lines[:5]] == [25, 50, 75, 100, 100]
    assert lines[-1].endswith("fit: 0.0 s")
    assert "\r" not in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


def test_on_a_terminal_one_line_is_redrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress_module, "SECONDS_BETWEEN_REDRAWS", 0.0)
    stream = Terminal()
    progress = Progress(stream)
    with progress.stage("fit") as advance:
        advance(0.5)
        advance(1.0)
    assert "50%" in stream.getvalue()
    assert stream.getvalue().count("\n") == 1


def test_few_lines_are_written() -> None:
    stream = io.StringIO()
    with Progress(stream).stage("fit") as advance:
        for done in range(10_000):
            advance(done / 10_000)
    assert stream.getvalue().count("\n") == 1


def test_seconds_are_kept_by_stage_in_order() -> None:
    progress = Progress(io.StringIO())
    for name in ("read", "fit"):
        with progress.stage(name):
            pass
    assert list(progress.seconds) == ["read", "fit"]
    assert all(seconds >= 0 for seconds in progress.seconds.values())
