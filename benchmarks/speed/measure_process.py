"""Runs a program and measures what it and every process it starts use: time, memory, disk."""

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

from benchmarks.speed.process_tree import PROC, cpu_of_machine, process_tree, proportional_set_size, resident_set_size
from contract.log_lines import fields

ROOT = Path(__file__).parents[2]
BETWEEN_SAMPLES = 0.2  # seconds
SAMPLING_SHARE = 0.05  # of one core at most: reading the memory of 20 GB takes a tenth of a second
GRACE = 15.0  # seconds a program has to end when it is told to


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A program that has ended.

    Attributes:
        exit_code: Negative if a signal ended it; None if it took too long and was ended here.
        seconds: From its start to its end.
        cpu_seconds: Processor time of it and its processes.
        other_cpu_seconds: Processor time that everything else on the machine took meanwhile, this process left out.
        peak_memory: Largest proportional set size of the whole tree, in bytes, mapped files included.
        peak_at: Seconds from the start to that peak.
        peak_disk: Largest size of the watched folder, in bytes.
        lines: What it printed, with seconds from the start.
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
        """Why it did not do its work; None if it did."""
        if self.exit_code == 0:
            return None
        if self.exit_code is None:
            return f"stopped after {self.seconds:,.0f} s"
        if self.exit_code == -signal.SIGKILL:
            return f"killed after {self.seconds:,.0f} s, as the system does where memory runs out"
        last = next((text for _, text in reversed(self.lines) if text.strip()), "no output")
        return f"exit code {self.exit_code} after {self.seconds:,.0f} s: {_readable(last).strip()}"

    @property
    def stages(self) -> dict[str, float]:
        """Seconds of every stage, by the lines with which the program ends them."""
        return {name: seconds for _, name, seconds in self._stage_ends}

    @property
    def peak_stage(self) -> str:
        """The stage in which memory was at its peak."""
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
    """Runs a program in the repository to its end, and passes on what it prints.

    It is ended, with all its processes, if this one is interrupted.

    Args:
        command: Program and arguments.
        folder: Whose size is watched; it need not exist yet.
        timeout: Seconds after which it is ended.
        environment: Variables to set, beside those of this process.
        cores: Number of cores that it may use; None for all of this process.
    """
    children, own, busy = _cpu_of_children(), time.process_time(), cpu_of_machine()
    start = time.monotonic()
    with _interruptions_held() as interrupted, only_cores(cores):
        process = subprocess.Popen(  # noqa: S603
            command,
            cwd=ROOT,
            # Lines count from when they were printed, not from when a buffer was full.
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
        # Where memory runs out, the system shall end what is measured, and nothing else on this machine.
        with suppress(OSError):  # it has ended already
            (PROC / str(process.pid) / "oom_score_adj").write_text("1000")
        in_time = _wait(process, watch, start, timeout)
        seconds = time.monotonic() - start
    finally:
        _end(process)
    reader.join(GRACE)
    cpu = _cpu_of_children() - children
    others = cpu_of_machine() - busy - cpu - (time.process_time() - own)
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
    """Start programs on some of the cores: they inherit the affinity of the thread that starts them.

    Args:
        count: Number of cores; None for all.

    Raises:
        ValueError: If there are not so many.
    """
    every = os.sched_getaffinity(0)
    if count is not None and count > len(every):
        raise ValueError(f"{count} cores are asked for, and this process may use {len(every)}")
    os.sched_setaffinity(0, every if count is None else sorted(every)[-count:])
    try:
        yield
    finally:
        os.sched_setaffinity(0, every)


@contextmanager
def _interruptions_held() -> Iterator[Callable[[], bool]]:
    """Interrupted while it starts a program, this one would not know which to end; so it only takes note meanwhile."""
    held: list[int] = []
    before = {
        number: signal.signal(number, lambda got, _: held.append(got)) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield lambda: bool(held)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def folder_size(folder: Path) -> int:
    """Bytes of all files below a folder, those that vanish meanwhile left out."""
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
        # The proportional set is never more than the resident one, and costs much more to read: a peak needs both.
        if sum(map(resident_set_size, processes)) > self.peak_memory:
            memory = sum(map(proportional_set_size, processes))
            if memory > self.peak_memory:
                self.peak_memory, self.peak_at = memory, time.monotonic() - self.start
        self.peak_disk = max(self.peak_disk, folder_size(self.folder))


def _wait(process: "subprocess.Popen[str]", watch: _Watch, start: float, timeout: float | None) -> bool:
    """Returns whether the process ended by itself in time."""
    while timeout is None or time.monotonic() - start < timeout:
        begun = time.monotonic()
        watch.sample()
        try:
            process.wait(max(BETWEEN_SAMPLES, (time.monotonic() - begun) / SAMPLING_SHARE))
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
    """Returns the message of a line of a log, with the code of a failure; another line as it is."""
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
