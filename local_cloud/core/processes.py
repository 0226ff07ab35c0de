"""Every process the server has started, so that all can be ended with it.

The rule they share: each leads a session of its own and ends, with all it has started, when its standard input does.
So they end with the server even if the server is killed.
"""

import os
import signal
import subprocess
import threading
from contextlib import suppress

_END_SECONDS = 3.0


class ProcessRegistry:
    """The processes that run now."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()

    def add(self, process: subprocess.Popen[bytes]) -> None:
        """Takes a process in."""
        with self._lock:
            self._running.add(process)

    def discard(self, process: subprocess.Popen[bytes]) -> None:
        """Forgets a process that has ended."""
        with self._lock:
            self._running.discard(process)

    def end_all(self) -> None:
        """Ends every process and returns when they are gone."""
        with self._lock:
            running = list(self._running)
        for process in running:
            end_input(process)
        for process in running:
            try:
                process.wait(timeout=_END_SECONDS)
            except subprocess.TimeoutExpired:
                kill_group(process)


def end_input(process: subprocess.Popen[bytes]) -> None:
    """Closes a process's standard input, which asks it to end at once."""
    with suppress(OSError):
        assert process.stdin is not None
        process.stdin.close()


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kills a process and its group; nothing where it is gone."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
