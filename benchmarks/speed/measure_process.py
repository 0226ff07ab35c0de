"""Run a program and measure the time, memory and disk of its process tree."""

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.speed.process_tree import PROC, cpu_of_host, process_tree, proportional_set_size, resident_set_size
from contract.log_lines import fields

ROOT = Path(__file__).parents[2]
BETWEEN_SAMPLES = 0.2  # seconds
SAMPLING_SHARE = 0.05  # most share of one core for sampling: reading the memory of 20 GB takes 0.1 seconds
GRACE = 15.0  # seconds from SIGTERM to SIGKILL


@dataclass(frozen=True, kw_only=True)
class Finished:
    """Measurements of a program that has ended.

    Attributes:
        exit_code: Negative if a signal ended the program; None after a timeout.
        seconds: Duration of the program.
        cpu_seconds: Processor time of the process tree.
        other_cpu_seconds: Processor time of all other programs on the host, without this process.
        peak_memory: Largest proportional set size of the process tree, in bytes, including mapped files.
        peak_at: Seconds from the start to the peak of memory.
        peak_disk: Largest size of the output folder, in bytes.
        lines: Printed lines, each with the seconds since the start.
    """

    exit_code: int | None
    seconds: float
    cpu_seconds: float
    other_cpu_seconds: float
    peak_memory: int
    peak_at: float
    peak_disk: int
    lines: tuple[tuple[float, str], ...]

    @property
    def failure(self) -> str | None:
        """Cause of the failure; None if the program succeeded."""
        if self.exit_code == 0:
            return None
        if self.exit_code is None:
            return f"stopped after {self.seconds:,.0f} s"
        if self.exit_code == -signal.SIGKILL:
            return f"killed after {self.seconds:,.0f} s, probably because the host ran out of memory"
        last = next((text for _, text in reversed(self.lines) if text.strip()), "no output")
        return f"exit code {self.exit_code} after {self.seconds:,.0f} s: {_readable(last).strip()}"

    @property
    def stages(self) -> dict[str, float]:
        """Seconds of each stage, from the log lines at the end of the stages."""
        return {name: seconds for _, name, seconds in self._stage_ends}

    @property
    def peak_stage(self) -> str:
        """Stage with the peak of memory."""
        return next((name for at, name, _ in self._stage_ends if at >= self.peak_at), "end")

    @property
    def _stage_ends(self) -> list[tuple[float, str, float]]:
        found = [(at, fields(text)) for at, text in self.lines]
        return [(at, line["stage"], line["seconds"]) for at, line in found if "stage" in line and "seconds" in line]


def measure(
    command: Sequence[str],
    *,
    folder: Path,
    timeout: float | None = None,
    environment: Mapping[str, str] | None = None,
    cores: int | None = None,
) -> Finished:
    """Run a program in the repository, print its output, and measure it.

    An interruption of this process also ends the program and its processes.

    Args:
        command: Program and arguments.
        folder: Output folder to measure. It may not exist yet.
        timeout: Seconds after which to end the program.
        environment: Additional environment variables.
        cores: Number of cores that the program may use; None for all cores of this process.
    """
    children, own, busy = _cpu_of_children(), time.process_time(), cpu_of_host()
    start = time.monotonic()
    with _interruptions_delayed() as interrupted, only_cores(cores):
        process = subprocess.Popen(  # nosec B603 # the project's own programs
            command,
            cwd=ROOT,
            # Without buffers, the time of a line is the time at which the program prints it.
            env={**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        watch = _Watch(root=process.pid, folder=folder, start=start)
        lines: list[tuple[float, str]] = []
        reader = threading.Thread(target=_read, args=(process, start, lines), daemon=True)
        reader.start()
    try:
        if interrupted():
            raise KeyboardInterrupt
        # If memory runs out, Linux must kill the measured program and not another one on this host.
        with suppress(OSError):  # the program has already ended
            (PROC / str(process.pid) / "oom_score_adj").write_text("1000")
        in_time = _wait(process, watch, start, timeout)
        seconds = time.monotonic() - start
    finally:
        _end(process)
    reader.join(GRACE)
    cpu = _cpu_of_children() - children
    others = cpu_of_host() - busy - cpu - (time.process_time() - own)
    return Finished(
        exit_code=process.returncode if in_time else None,
        seconds=seconds,
        cpu_seconds=cpu,
        other_cpu_seconds=max(others, 0.0),
        peak_memory=watch.peak_memory,
        peak_at=watch.peak_at,
        peak_disk=watch.peak_disk,
        lines=tuple(lines),
    )


@contextmanager
def only_cores(count: int | None) -> Iterator[None]:
    """Limit the programs that the block starts to some cores. They inherit the affinity of the starting thread.

    Args:
        count: Number of cores; None for all.

    Raises:
        ValueError: This process may not use that many cores.
    """
    every = os.sched_getaffinity(0)
    if count is not None and count > len(every):
        raise ValueError(f"cannot use {count} cores: this process may use only {len(every)}")
    os.sched_setaffinity(0, every if count is None else sorted(every)[-count:])
    try:
        yield
    finally:
        os.sched_setaffinity(0, every)


@contextmanager
def _interruptions_delayed() -> Iterator[Callable[[], bool]]:
    """Delay interruptions while a program starts; before that, there is no process to end."""
    received: list[int] = []
    before = {
        number: signal.signal(number, lambda got, _: received.append(got)) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield lambda: bool(received)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def folder_size(folder: Path) -> int:
    """Return the bytes of all files below a folder. Ignore files that vanish during the walk."""
    total, folders = 0, [folder]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(Path(entry.path))
                    else:
                        total += _size(entry)
        except OSError:
            continue
    return total


@dataclass(kw_only=True)
class _Watch:
    root: int
    folder: Path
    start: float
    peak_memory: int = 0
    peak_at: float = 0.0
    peak_disk: int = 0

    def sample(self) -> None:
        processes = process_tree(self.root)
        # The proportional set size never exceeds the resident set size but is slower to read. Read it only for a peak.
        if sum(map(resident_set_size, processes)) > self.peak_memory:
            memory = sum(map(proportional_set_size, processes))
            if memory > self.peak_memory:
                self.peak_memory, self.peak_at = memory, time.monotonic() - self.start
        self.peak_disk = max(self.peak_disk, folder_size(self.folder))


def _wait(process: "subprocess.Popen[str]", watch: _Watch, start: float, timeout: float | None) -> bool:
    """Return whether the process ended before the timeout."""
    while timeout is None or time.monotonic() - start < timeout:
        sample_start = time.monotonic()
        watch.sample()
        try:
            process.wait(max(BETWEEN_SAMPLES, (time.monotonic() - sample_start) / SAMPLING_SHARE))
        except subprocess.TimeoutExpired:
            continue
        return True
    return False


def _end(process: "subprocess.Popen[str]") -> None:
    if process.poll() is not None:
        return
    family = process_tree(process.pid)
    process.terminate()
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        for each in family:
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        process.wait()


def _read(process: "subprocess.Popen[str]", start: float, lines: list[tuple[float, str]]) -> None:
    assert process.stdout is not None
    with process.stdout:
        for line in process.stdout:
            lines.append((time.monotonic() - start, line.rstrip("\n")))
            print(f"  {_readable(lines[-1][1])}", file=sys.stderr, flush=True)


def _readable(line: str) -> str:
    """Return the message of a log line, with its failure code if any. Return other lines unchanged."""
    found = fields(line)
    message = str(found.get("message", line))
    return f"[{found['code']}] {message}" if "code" in found else message


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _size(entry: "os.DirEntry[str]") -> int:
    try:
        return entry.stat(follow_symlinks=False).st_blocks * 512
    except FileNotFoundError:
        return 0
