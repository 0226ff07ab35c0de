"""Processes that run Lambda functions. Each runs one invocation at a time and stays warm for the next, as in Lambda."""

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
    """The result of an invocation.

    Attributes:
        outcome: The answer of the process; None if the process ended or timed out first.
        log: The printed output.
        timed_out: Whether the invocation timed out.
        exit_code: The exit code, if the process ended.
    """

    outcome: dict[str, Any] | None
    log: str
    timed_out: bool = False
    exit_code: int | None = None


class WarmProcess:
    """One process for one deployed version of a function."""

    def __init__(self, *, code: Path, environment: dict[str, str], logs: Path) -> None:
        reading, writing = os.pipe()
        self.process = subprocess.Popen(  # nosec B603 # the runner of this package
            # Unbuffered, so that the log has all output even if the process ends abruptly.
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
        """Run one invocation until it ends or times out.

        After a timeout, or if the process ended, the process cannot run another invocation.
        """
        log = self._logs / f"{uuid.uuid4().hex}.log"
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps({**request, "log": str(log)}).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # the process has ended; the empty answer below shows it
        ready, _, _ = select.select([self._results], [], [], seconds)
        line = self._results.readline() if ready else ""
        if not line:
            self.end()
        printed = log.read_text(errors="replace") if log.exists() else ""
        log.unlink(missing_ok=True)
        return Answer(json.loads(line) if line else None, printed, not ready, self.process.returncode)

    def end(self) -> None:
        """End the process."""
        kill_group(self.process)
        self.process.wait()
        end_input(self.process)
        self._results.close()


@dataclass
class WarmProcesses:
    """The idle processes, by the function that they run.

    Attributes:
        registry: Ends the remaining processes with the server.
        logs: Folder for the printed output of running invocations.
    """

    registry: ProcessRegistry
    logs: Path
    _idle: dict[str, list[WarmProcess]] = field(default_factory=lambda: defaultdict(list))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(
        self, key: str, request: dict[str, Any], *, code: Path, environment: dict[str, str], seconds: float
    ) -> Answer:
        """Run an invocation in an idle process of the same deployed function, or in a new process.

        Args:
            key: Identifies the function and its deployment.
            request: The request for the process.
            code: Folder of the function's code.
            environment: The function's environment variables.
            seconds: The function's timeout.
        """
        with self._lock:
            warm = self._idle[key].pop() if self._idle[key] else None
        if warm is None or warm.process.poll() is not None:
            self.logs.mkdir(parents=True, exist_ok=True)
            warm = WarmProcess(code=code, environment=environment, logs=self.logs)
            self.registry.add(warm.process)
        answer = warm.run(request, seconds=seconds)
        if answer.outcome is None:
            self.registry.discard(warm.process)
        else:
            with self._lock:
                self._idle[key].append(warm)
        return answer
