"""Measurement of a program's process tree, which ends with the program."""

import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from benchmarks.speed import measure_process
from benchmarks.speed.measure_process import Finished, folder_size, measure
from benchmarks.speed.process_tree import (
    lies_in_memory,
    process_tree,
    proportional_set_size,
    resident_set_size,
    supported,
)

pytestmark = pytest.mark.skipif(not supported(), reason="memory is read from /proc/<pid>/smaps_rollup")

MEGABYTES = 200
HOLD = f"held = b'x' * ({MEGABYTES} * 2**20); import time; time.sleep(1.0)"


def python(code: str) -> list[str]:
    return [sys.executable, "-c", textwrap.dedent(code)]


def starting(code: str) -> str:
    """Return a program that starts another program and waits for it."""
    return f"import subprocess, sys; subprocess.run([sys.executable, '-c', {code!r}])"


@pytest.mark.parametrize("code", [HOLD, starting(HOLD), starting(starting(HOLD))], ids=["own", "child", "grandchild"])
def test_memory_covers_the_process_tree(tmp_path: Path, code: str) -> None:
    peak = measure(python(code), folder=tmp_path).peak_memory / 2**20
    assert MEGABYTES < peak < MEGABYTES + 80


def test_shared_memory_counts_once(tmp_path: Path) -> None:
    code = f"""
        import os, time
        held = b"x" * ({MEGABYTES} * 2**20)
        children = [os.fork() for _ in range(2)]
        time.sleep(1.0)
    """  # each child forks again: four processes with the same memory
    finished = measure(python(code), folder=tmp_path)
    assert MEGABYTES < finished.peak_memory / 2**20 < MEGABYTES + 80


def test_time_processor_time_and_disk_are_measured(tmp_path: Path) -> None:
    code = f"""
        import os, time
        from pathlib import Path
        folder = Path({str(tmp_path)!r}) / "a" / "b"
        folder.mkdir(parents=True)
        (folder / "large").write_bytes(os.urandom(5_000_000))
        time.sleep(0.6)
        (folder / "large").unlink()
        end = time.process_time() + 0.5
        while time.process_time() < end: pass
    """
    finished = measure(python(starting(textwrap.dedent(code))), folder=tmp_path / "a")
    assert finished.exit_code == 0
    assert 5_000_000 <= finished.peak_disk < 6_000_000
    assert folder_size(tmp_path) == 0
    assert finished.seconds > 1.1
    assert 0.5 < finished.cpu_seconds < finished.seconds


def test_a_program_is_limited_to_some_cores(tmp_path: Path) -> None:
    every = os.sched_getaffinity(0)
    finished = measure(python("import os; print(sorted(os.sched_getaffinity(0)))"), folder=tmp_path, cores=1)
    assert [text for _, text in finished.lines] == [str([max(every)])]
    assert os.sched_getaffinity(0) == every
    with pytest.raises(ValueError, match=f"cannot use {len(every) + 1} cores: this process may use only"):
        measure(python(""), folder=tmp_path, cores=len(every) + 1)


def test_reports_the_stage_of_the_peak(tmp_path: Path) -> None:
    code = """
        import json, time
        def stage(name, megabytes):
            held = b"x" * (megabytes * 2**20)
            print(json.dumps({"message": f"{name}: 50% after 0 s", "stage": name}), flush=True)
            time.sleep(0.7)
            print(json.dumps({"message": "done", "stage": name, "seconds": 0.7}), flush=True)
        stage("read", 10), stage("fit", 150), stage("predict", 20)
        print("12:00:00 write: 3.0 s")
    """
    finished = measure(python(code), folder=tmp_path)
    assert finished.peak_stage == "fit"
    assert finished.stages == {"read": 0.7, "fit": 0.7, "predict": 0.7}
    assert finished.failure is None


def test_a_failure_has_the_last_line(tmp_path: Path) -> None:
    finished = measure(python("import sys; print('before'); sys.exit('no such thing')"), folder=tmp_path)
    assert finished.failure == f"exit code 1 after {finished.seconds:,.0f} s: no such thing"


def test_a_failure_of_the_job_has_its_code(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    line = '{"level": "ERROR", "message": "no room", "code": "OutOfDisk"}'
    finished = measure(python(f"import sys; print({line!r}); sys.exit(1)"), folder=tmp_path)
    assert finished.failure == f"exit code 1 after {finished.seconds:,.0f} s: [OutOfDisk] no room"
    assert capfd.readouterr().err == "  [OutOfDisk] no room\n"


def test_reports_a_program_killed_for_lack_of_memory() -> None:
    killed = Finished(
        exit_code=-signal.SIGKILL,
        seconds=12.0,
        cpu_seconds=1.0,
        other_cpu_seconds=0.0,
        peak_memory=1,
        peak_at=0.0,
        peak_disk=0,
        lines=(),
    )
    assert killed.failure == "killed after 12 s, probably because the host ran out of memory"


def test_a_timeout_ends_the_process_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure_process, "GRACE", 0.5)
    stubborn = f"""
        import os, signal, time
        from pathlib import Path
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        Path({str(tmp_path)!r}, "pid").write_text(str(os.getpid()))
        time.sleep(60)
    """
    code = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + starting(textwrap.dedent(stubborn))
    finished = measure(python(code), folder=tmp_path, timeout=2.0)
    assert finished.exit_code is None
    assert finished.failure is not None
    assert re.fullmatch(r"stopped after \d+ s", finished.failure)  # a busy machine measures late
    assert process_tree(int((tmp_path / "pid").read_text()))[1:] == []
    assert proportional_set_size(int((tmp_path / "pid").read_text())) == 0


def test_the_measured_program_ends_with_the_measuring_process(tmp_path: Path) -> None:
    inner = f"import os; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); import time; time.sleep(60)"
    outer = f"""
        import sys
        from pathlib import Path
        from benchmarks.speed.measure_process import measure
        measure([sys.executable, "-c", {inner!r}], folder=Path({str(tmp_path)!r}))
    """
    measuring = subprocess.Popen(python(outer), cwd=measure_process.ROOT, stderr=subprocess.DEVNULL)
    pid_file = tmp_path / "pid"
    deadline = time.monotonic() + 120
    while not (pid_file.exists() and pid_file.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    measuring.send_signal(signal.SIGINT)
    measuring.wait(120)
    assert resident_set_size(int(pid_file.read_text())) == 0


def test_an_ended_process_has_no_memory_and_no_descendants() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert proportional_set_size(gone.pid) == resident_set_size(gone.pid) == 0
    assert process_tree(gone.pid) == [gone.pid]


def test_the_tree_has_the_descendants_of_this_process() -> None:
    with subprocess.Popen(python(starting("input()")), stdin=subprocess.PIPE) as child:
        deadline = time.monotonic() + 120
        while len(family := process_tree(os.getpid())) < 3:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert family[0] == os.getpid()
        assert child.pid in family
        child.communicate(b"\n")


def test_detects_folders_in_memory() -> None:
    assert lies_in_memory(Path("/dev/shm/anything"))
    assert not lies_in_memory(Path("/proc"))
