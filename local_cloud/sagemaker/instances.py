"""The instances of a job. Each is a real process with its own `/opt/ml`. They run together until the job ends."""

import functools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_cloud.containers.images import ImageRecord
from local_cloud.core.breakpoints import Breakpoints
from local_cloud.core.cpu_affinity import cores_of
from local_cloud.core.log_streams import LogPump, LogStream
from local_cloud.core.processes import ProcessRegistry, end_input
from local_cloud.sagemaker.launcher import process_file

_POLL_SECONDS = 0.05
_PAUSE_POLL_SECONDS = 0.01
_PYTHON_NAMES = {"python", "python3"}


@dataclass(frozen=True)
class Instance:
    """One instance of a job.

    Attributes:
        host: `algo-1` and so on.
        folder: The folder of its `/opt/ml` and of the launcher's specification.
        log: The file of its output.
    """

    host: str
    folder: Path
    log: Path

    @property
    def opt_ml(self) -> Path:
        """The folder that is the instance's `/opt/ml`."""
        return self.folder / "opt" / "ml"

    def write(self, path: str, content: object) -> None:
        """Write a JSON file to a path in `/opt/ml`."""
        target = self.opt_ml / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(content, indent=1))


@dataclass(frozen=True)
class Outcome:
    """The end of all instances of a job.

    Attributes:
        exit_code: 0 if every instance exits with 0, else the exit code of the first failed instance.
        failed: The instance that failed first; None if none failed.
        stopped: Whether a caller asked the job to stop.
        timed_out: Whether the job exceeded its maximum runtime.
    """

    exit_code: int
    failed: Instance | None
    stopped: bool
    timed_out: bool


@dataclass(frozen=True)
class Container:
    """The program that each instance runs.

    Attributes:
        image: The image.
        command: The command with its arguments, with paths in the image.
        environment: Variables; they override those of the image.
        cores: The number of cores for each instance; None for all.
    """

    image: ImageRecord
    command: list[str]
    environment: dict[str, str]
    cores: int | None

    def specification(self, instance: Instance, *, index: int) -> dict[str, Any]:
        """Return the specification for the launcher of the job's `index`-th instance."""
        words = [self.image.to_local(word) for word in self.command]
        if words and words[0] in _PYTHON_NAMES:
            words[0] = sys.executable
        image_environment = {name: self._to_local(value) for name, value in self.image.environment.items()}
        path = ":".join(filter(None, [image_environment.get("PATH"), self.environment["PATH"]]))
        return {
            "command": words,
            "folder": str(self.image.root / self.image.working_folder.lstrip("/")),
            "environment": {**image_environment, **self.environment, "PATH": path},
            "base": str(instance.opt_ml),
            "cores": None if self.cores is None else cores_of(index, count=self.cores),
        }

    def _to_local(self, value: str) -> str:
        return ":".join(self.image.to_local(part) for part in value.split(":"))


class InstanceGroup:
    """Runs the instances of one job together. When one instance fails, the others end."""

    def __init__(
        self,
        *,
        processes: ProcessRegistry,
        stop: threading.Event,
        stop_grace_seconds: float,
        breakpoints: Breakpoints,
    ) -> None:
        self._processes, self._stop, self._grace = processes, stop, stop_grace_seconds
        self._breakpoints = breakpoints

    def run(
        self, instances: list[Instance], container: Container, *, streams: list[LogStream], seconds: int
    ) -> Outcome:
        """Start every instance and return when all have ended.

        After `seconds`, the instances get SIGTERM, and SIGKILL at the end of the grace period.
        """
        running: list[subprocess.Popen[bytes]] = []
        pumps: list[LogPump] = []
        for index, (instance, stream) in enumerate(zip(instances, streams, strict=True)):
            specification = instance.folder / "launch.json"
            specification.write_text(json.dumps(container.specification(instance, index=index)))
            process = _launch(specification)
            assert process.stdout is not None
            hold = functools.partial(self._hold, instance, process)
            pumps.append(LogPump(process.stdout.fileno(), path=instance.log, stream=stream, on_line=hold))
            pumps[-1].start()
            running.append(process)
        outcome = self._wait(instances, running, deadline=time.monotonic() + seconds)
        for pump, process in zip(pumps, running, strict=True):
            pump.join()
            assert process.stdout is not None
            process.stdout.close()
        return outcome

    def _hold(self, instance: Instance, process: subprocess.Popen[bytes], line: str) -> None:
        """Pause an instance that prints a line with a breakpoint, until the breakpoint is removed or the job ends."""
        if not self._breakpoints.match(line):
            return
        group = int(process_file(instance.opt_ml).read_text())
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGSTOP)
            while self._breakpoints.match(line) and process.poll() is None:
                time.sleep(_PAUSE_POLL_SECONDS)
            os.killpg(group, signal.SIGCONT)

    def _wait(self, instances: list[Instance], running: list[subprocess.Popen[bytes]], *, deadline: float) -> Outcome:
        failed: Instance | None = None
        stop_requested_at: float | None = None
        timed_out = False
        exit_code = 0
        pending = dict(zip(instances, running, strict=True))
        for process in running:
            self._processes.add(process)
        while pending:
            for instance, process in list(pending.items()):
                if process.poll() is not None:
                    pending.pop(instance)
                    self._processes.discard(process)
                    end_input(process)
                    if process.returncode != 0 and failed is None:
                        failed, exit_code = instance, process.returncode
                        _end(pending.values())
            now = time.monotonic()
            if stop_requested_at is None and (self._stop.is_set() or now > deadline):
                stop_requested_at, timed_out = now, not self._stop.is_set()
                _ask_to_stop(pending.values())
            if stop_requested_at is not None and now > stop_requested_at + self._grace:
                _end(pending.values())
            time.sleep(_POLL_SECONDS)
        return Outcome(exit_code=exit_code, failed=failed, stopped=self._stop.is_set(), timed_out=timed_out)


def _launch(specification: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # nosec B603 # the launcher of this package
        [sys.executable, "-S", "-m", "local_cloud.sagemaker.launcher", str(specification)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={"PYTHONPATH": str(Path(__file__).resolve().parent.parent.parent)},
        start_new_session=True,
        bufsize=0,
    )


def _ask_to_stop(processes: Iterable[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        assert process.stdin is not None
        with suppress(OSError):  # it may have ended in the meantime
            process.stdin.write(b"T")


def _end(processes: Iterable[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        end_input(process)
