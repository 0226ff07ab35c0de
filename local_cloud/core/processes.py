"""The registry of all processes that the server has started, so that the server can end them.

All of them follow one rule. Each leads its own session, and ends with all its children when its standard input ends.
So they end with the server even if the server is killed.
"""

import os
import signal
import subprocess
import threading
from contextlib import suppress

_END_SECONDS = 3.0


class ProcessRegistry:
    """The running processes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()

    def add(self, process: subprocess.Popen[bytes]) -> None:
        """Register a process."""
        with self._lock:
            self._running.add(process)

    def discard(self, process: subprocess.Popen[bytes]) -> None:
        """Remove a process that has ended."""
        with self._lock:
            self._running.discard(process)

    def end_all(self) -> None:
        """End every process and return when all have ended."""
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
    """Close a process's standard input. The process then ends immediately."""
    with suppress(OSError):
        assert process.stdin is not None
        process.stdin.close()


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and its group; do nothing if it has ended."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
