"""Shows how far a run is: a bar on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO

Advance = Callable[[float], None]

BAR_WIDTH = 24
SECONDS_BETWEEN_REDRAWS = 0.1
SECONDS_BETWEEN_LINES = 10.0


@dataclass
class Progress:
    """Progress of one run, stage by stage.

    Attributes:
        stream: Where it is shown.
        seconds: Duration of every finished stage, in order.
    """

    stream: TextIO = sys.stderr
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[Advance]:
        """Times a stage; what it yields is called with the share of it that is done."""
        begun = shown = time.monotonic()
        interactive = self.stream.isatty()
        between = SECONDS_BETWEEN_REDRAWS if interactive else SECONDS_BETWEEN_LINES

        def advance(share: float) -> None:
            nonlocal shown
            now = time.monotonic()
            if now - shown >= between:
                shown = now
                self._show(name, share, now - begun, interactive=interactive)

        yield advance
        self.seconds[name] = round(time.monotonic() - begun, 2)
        if interactive:
            self.stream.write("\r\x1b[2K")
        self.say(f"{name}: {self.seconds[name]:.1f} s")

    def say(self, message: str) -> None:
        """Shows one line; where the platform adds no time of its own, the line carries it."""
        self.stream.write(f"{time.strftime('%H:%M:%S')} {message}\n")
        self.stream.flush()

    def _show(self, name: str, share: float, seconds: float, *, interactive: bool) -> None:
        percent = f"{min(share, 1):4.0%}"
        if not interactive:
            self.say(f"{name}:{percent} after {seconds:.0f} s")
            return
        filled = round(min(share, 1) * BAR_WIDTH)
        bar = "█" * filled + "░" * (BAR_WIDTH - filled)
        self.stream.write(f"\r\x1b[2K{name:<10} {bar} {percent} {seconds:.0f} s")
        self.stream.flush()
