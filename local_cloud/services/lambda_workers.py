"""Processes that functions run in: one at a time each, kept for the next invocation, as the service keeps them warm."""

import json
import os
import select
import subprocess
import sys
import threading
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local_cloud.core.processes import ProcessRegistry, end_input, kill_group

_PROGRAM = Path(__file__).resolve().parent / "lambda_process.py"


@dataclass(frozen=True)
class Answer:
    """What came of an invocation.

    Attributes:
        outcome: What the process said; None where it ended, or took too long, before it said anything.
        log: What was printed.
        timed_out: Whether it took too long.
        exit_code: Of a process that ended.
    """

    outcome: dict[str, Any] | None
    log: str
    timed_out: bool = False
    exit_code: int | None = None


class Worker:
    """One process, for one function as it is deployed."""

    def __init__(self, *, code: Path, environment: dict[str, str], logs: Path) -> None:
        reading, writing = os.pipe()
        self.process = subprocess.Popen(  # noqa: S603
            # Unbuffered: what was printed before a process ends is in the log.
            [sys.executable, "-u", "-P", str(_PROGRAM), str(writing)],
            cwd=code,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=[writing],
        )
        os.close(writing)
        self._results = os.fdopen(reading)
        self._logs = logs

    def run(self, request: dict[str, Any], *, seconds: float) -> Answer:
        """Runs one invocation to its end, or to its timeout; then, or if the process ends, it cannot be used again."""
        log = self._logs / f"{uuid.uuid4().hex}.log"
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps({**request, "log": str(log)}).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # it has ended since; the empty answer tells
        ready, _, _ = select.select([self._results], [], [], seconds)
        line = self._results.readline() if ready else ""
        if not line:
            self.end()
        printed = log.read_text(errors="replace") if log.exists() else ""
        log.unlink(missing_ok=True)
        return Answer(json.loads(line) if line else None, printed, not ready, self.process.returncode)

    def end(self) -> None:
        """Ends the process."""
        kill_group(self.process)
        self.process.wait()
        end_input(self.process)
        self._results.close()


@dataclass
class Workers:
    """Idle processes, by what they run.

    Attributes:
        registry: Ends those that are left with the server.
        logs: Folder for what invocations print, while they do.
    """

    registry: ProcessRegistry
    logs: Path
    _idle: dict[str, list[Worker]] = field(default_factory=lambda: defaultdict(list))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(
        self, key: str, request: dict[str, Any], *, code: Path, environment: dict[str, str], seconds: float
    ) -> Answer:
        """Runs an invocation in an idle process of the same function as it is deployed, or in a new one.

        Args:
            key: Tells functions, and their deployments, from each other.
            request: For the process.
            code: Folder of the function's code.
            environment: Its variables.
            seconds: Its timeout.
        """
        with self._lock:
            worker = self._idle[key].pop() if self._idle[key] else None
        if worker is None or worker.process.poll() is not None:
            self.logs.mkdir(parents=True, exist_ok=True)
            worker = Worker(code=code, environment=environment, logs=self.logs)
            self.registry.add(worker.process)
        answer = worker.run(request, seconds=seconds)
        if answer.outcome is None:
            self.registry.discard(worker.process)
        else:
            with self._lock:
                self._idle[key].append(worker)
        return answer
