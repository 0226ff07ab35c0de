"""Show the progress of a run: a bar on a terminal, text lines elsewhere, and JSON lines in a job's log."""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TextIO

Advance = Callable[[float], None]

BAR_WIDTH = 24
SECONDS_BETWEEN_REDRAWS = 0.1
SECONDS_BETWEEN_LINES = 10.0


@dataclass
class Progress:
    """Progress of one run, stage by stage.

    Attributes:
        stream: The output stream.
        context: Fields of every JSON line, the run's name first; None to write text instead of JSON.
        seconds: Duration of every finished stage, in order.
    """

    stream: TextIO = sys.stderr
    context: Mapping[str, str] | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[Advance]:
        """Time a stage.

        Args:
            name: Name of the stage.

        Yields:
            A function to call with the share of the stage that is done, between 0 and 1.
        """
        started = shown = time.monotonic()
        interactive = self.stream.isatty()
        between = SECONDS_BETWEEN_REDRAWS if interactive else SECONDS_BETWEEN_LINES

        def advance(share: float) -> None:
            nonlocal shown
            now = time.monotonic()
            if now - shown >= between:
                shown = now
                self._show(name, share, now - started, interactive=interactive)

        yield advance
        self.seconds[name] = round(time.monotonic() - started, 2)
        if interactive:
            self._write("\r\x1b[2K")
        self.log(f"{name}: {self.seconds[name]:.1f} s", stage=name, seconds=self.seconds[name])

    def log(self, message: str, *, level: str = "INFO", **fields: str | float) -> None:
        """Write one line with the current time.

        Args:
            message: The text.
            level: Log level.
            **fields: Further fields of a JSON line, for searches in the log.
        """
        if self.context is None:
            line = f"{time.strftime('%H:%M:%S')} {message}"
        else:
            now = datetime.now(UTC).isoformat(timespec="milliseconds")
            entry = {"timestamp": now, "level": level, "message": message, **self.context, **fields}
            line = json.dumps(entry, ensure_ascii=False)
        self._write(f"{line}\n")

    def _show(self, name: str, share: float, seconds: float, *, interactive: bool) -> None:
        percent = f"{min(share, 1):4.0%}"
        if not interactive:
            self.log(f"{name}:{percent} after {seconds:.0f} s", stage=name)
            return
        filled = round(min(share, 1) * BAR_WIDTH)
        bar = "█" * filled + "░" * (BAR_WIDTH - filled)
        self._write(f"\r\x1b[2K{name:<10} {bar} {percent} {seconds:.0f} s")

    def _write(self, text: str) -> None:
        write_or_discard(text, self.stream)


def write_or_discard(text: str, stream: TextIO) -> None:
    """Write text at once. If the reader has left, as in `| head`, discard this and all later text of the stream."""
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
