"""Tests with real processes. Tasks are Python expressions, because processes would have to import any function."""

import fcntl
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from job_code.runtime.process_pool import ONE_THREAD, ProcessPool, WorkerDiedError
from tests.synthesis import ROOT

PROCESS = "__import__('os').getpid()"
BUSY = "(__import__('time').sleep(0.3), __import__('os').getpid())[1]"
KILLED = "__import__('os').kill(__import__('os').getpid(), 9)"
PATIENCE = 120  # seconds


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize("count", [1, 2])
def test_results_are_in_the_order_of_the_tasks(count: int) -> None:
    tasks = ["(__import__('time').sleep(0.4), 'slow')[1]", *(f"{at} ** 2" for at in range(20))]
    with ProcessPool(count) as workers:
        assert list(workers.map(eval, tasks)) == ["slow", *(at**2 for at in range(20))]
        assert list(workers.map(len, ["a", "bc"])) == [1, 2]  # the same processes run another function
        assert list(workers.map(len, [])) == []


def test_one_worker_and_one_task_need_no_process() -> None:
    with ProcessPool(1) as alone, ProcessPool(2) as two:
        assert set(alone.map(eval, [PROCESS] * 3)) == {os.getpid()}
        assert list(two.map(eval, [PROCESS])) == [os.getpid()]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="only Linux supports CPU affinity")
def test_each_worker_has_its_own_core_if_there_are_enough() -> None:
    before, cores = os.sched_getaffinity(0), set(range(os.cpu_count() or 1))
    own = f"({BUSY}, *__import__('os').sched_getaffinity(0))[1:]"
    os.sched_setaffinity(0, cores)
    try:
        with ProcessPool(len(cores)) as workers, ProcessPool(len(cores) + 1) as more:
            assert {core for cores_of_one in workers.map(eval, [own] * 6) for core in cores_of_one} == cores
            assert {len(cores_of_one) for cores_of_one in workers.map(eval, [own] * 6)} == {1}
            assert set(more.map(eval, [own] * 6)) == {tuple(sorted(cores))}
    finally:
        os.sched_setaffinity(0, before)


def test_all_processes_work_and_none_is_left() -> None:
    with ProcessPool(2) as workers:
        processes = set(workers.map(eval, [BUSY] * 6))
        assert len(processes) == 2
        assert os.getpid() not in processes
        assert {child.pid for child in multiprocessing.active_children()} >= processes
        assert set(workers.map(eval, [PROCESS])) <= processes
    assert processes.isdisjoint(child.pid for child in multiprocessing.active_children())
    for process in processes:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


def test_tasks_that_have_not_started_are_cancelled_when_a_task_fails(tmp_path: Path) -> None:
    path = tmp_path / "done"
    slow = f"(open({str(path)!r}, 'a').write('x'), __import__('time').sleep(0.2))"
    with pytest.raises(ZeroDivisionError), ProcessPool(2) as workers:
        list(workers.map(eval, ["1 / 0", *[slow] * 300]))
    assert not multiprocessing.active_children()
    assert len(path.read_text()) < 300


NOTE = "open({path!r}, 'a').write(str({process}) + chr(10))"


@pytest.mark.parametrize("count", [1, 3])
def test_run_on_each_runs_once_in_every_process(tmp_path: Path, count: int) -> None:
    path = tmp_path / "processes"
    with ProcessPool(count) as workers:
        for times in (1, 2):
            workers.run_on_each(eval, NOTE.format(path=str(path), process=PROCESS))
            written = path.read_text().split()
            assert len(written) == times * count
            assert set(Counter(written).values()) == {times}
        assert {str(process) for process in workers.map(eval, [BUSY] * 6)} <= set(written)


def test_an_initializer_that_fails_raises_and_leaves_the_pool_usable() -> None:
    with ProcessPool(2) as workers:
        with pytest.raises(ZeroDivisionError):
            workers.run_on_each(eval, "1 / 0")
        assert list(workers.map(eval, ["3", "4"])) == [3, 4]
        with pytest.raises(WorkerDiedError):
            workers.run_on_each(eval, KILLED)


def test_while_waiting_is_called() -> None:
    calls: list[int] = []
    with ProcessPool(2) as workers:
        list(workers.map(eval, ["__import__('time').sleep(1.3)", "1"], while_waiting=lambda: calls.append(1)))
    assert calls


def test_an_exception_of_a_task_is_raised_unchanged() -> None:
    raising = "(_ for _ in ()).throw(OSError(28, 'No space left on device', 'x'))"
    with ProcessPool(2) as workers:
        with pytest.raises(OSError, match="No space left") as raised:
            list(workers.map(eval, ["1", raising, "2"]))
        assert raised.value.errno == 28
        assert list(workers.map(eval, ["3", "4"])) == [3, 4]  # the pool is still usable


def test_a_killed_worker_is_an_error_with_the_probable_reason() -> None:
    with ProcessPool(2) as workers:
        with pytest.raises(WorkerDiedError, match="the system killed a worker process, usually because memory ran out"):
            list(workers.map(eval, [BUSY, KILLED, BUSY, BUSY]))
        assert list(workers.map(eval, ["1 + 1", "2 + 2"])) == [2, 4]  # in new processes
    assert not multiprocessing.active_children()


def test_workers_have_one_thread_each_and_this_process_keeps_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("POLARS_MAX_THREADS", raising=False)
    environment = dict(os.environ)
    variables = [f"__import__('os').environ.get({name!r})" for name in ONE_THREAD]
    with ProcessPool(2) as workers:
        assert list(workers.map(eval, variables)) == ["1"] * len(ONE_THREAD)
        assert list(workers.map(eval, ["__import__('polars').thread_pool_size()"] * 2)) == [1, 1]
        assert dict(os.environ) == environment
    assert dict(os.environ) == environment


HOLD = """
(lambda file: (
    __import__("fcntl").flock(file, 2),
    setattr(__import__("builtins"), {path!r}, file),  # holds the lock as long as the process lives
    __import__("time").sleep({seconds}),
))(open({path!r}, "w"))
"""
PARENT = """
import sys, time
from job_code.runtime.process_pool import ProcessPool

if __name__ == "__main__":
    with ProcessPool(2) as workers:
        list(workers.map(eval, sys.argv[1:]))
        time.sleep(600)
"""


def is_held(path: Path) -> bool:
    with path.open("a") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@pytest.mark.parametrize("seconds", [600, 1], ids=["busy", "idle"])
def test_workers_end_when_their_parent_is_killed(tmp_path: Path, seconds: float) -> None:
    script, held = tmp_path / "parent.py", [tmp_path / "a", tmp_path / "b"]
    script.write_text(PARENT)
    tasks = [HOLD.format(path=str(path), seconds=seconds).strip() for path in held]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, script, *tasks], env=environment) as parent:
        try:
            wait_until(lambda: all(map(is_held, held)))
            if seconds == 1:
                time.sleep(1.5)
                assert all(map(is_held, held))
            assert parent.poll() is None
        finally:
            parent.send_signal(signal.SIGKILL)
    wait_until(lambda: not any(map(is_held, held)))


WAITING_FOR_SIGNALS = """
import signal
from job_code.runtime.process_pool import WorkerDiedError, ProcessPool

if __name__ == "__main__":
    blocked = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, blocked)
    with ProcessPool(2) as workers:
        masks = list(workers.map(eval, ["(s := __import__('signal')).pthread_sigmask(s.SIG_BLOCK, ())"] * 2))
        assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == blocked
        assert all(signal.SIGTERM not in mask for mask in masks)
        try:
            list(workers.map(eval, ["__import__('time').sleep(600)", "__import__('os')._exit(9)"]))
        except WorkerDiedError:
            print("died")
"""


def test_a_process_that_waits_for_signals_keeps_its_mask_and_its_workers_can_be_ended(tmp_path: Path) -> None:
    script = tmp_path / "job.py"
    script.write_text(WAITING_FOR_SIGNALS)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    ended = subprocess.run(
        [sys.executable, script], env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert (ended.returncode, ended.stdout) == (0, "died\n"), ended.stderr


@pytest.mark.parametrize("count", [1, 2])
def test_results_are_yielded_as_they_are_ready(count: int) -> None:
    tasks = ["(__import__('time').sleep(1), 'slow')[1]", *(f"{at} ** 2" for at in range(9))]
    with ProcessPool(count) as workers:
        results = list(workers.as_completed(eval, tasks))
    assert sorted(results)[1:] == [(at + 1, at**2) for at in range(9)]
    assert results[-1 if count == 2 else 0] == (0, "slow")


def test_results_that_are_ready_before_a_process_dies_are_yielded() -> None:
    results: dict[int, object] = {}
    with ProcessPool(2) as workers:
        tasks = ["'first'", f"({BUSY}, {KILLED})", *["'later'"] * 5]
        with pytest.raises(WorkerDiedError, match="because memory ran out"):
            results.update(workers.as_completed(eval, tasks))
        assert results[0] == "first"
        assert 1 not in results
        assert dict(workers.as_completed(eval, ["1", "2"])) == {0: 1, 1: 2}  # in new processes


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="only Linux supports CPU affinity")
@pytest.mark.parametrize("threads", [1, 2])
def test_multi_threaded_work_may_use_all_cores(threads: int) -> None:
    pool = "__import__('job_code.runtime.process_pool', fromlist=['_'])"
    cores = "__import__('os').sched_getaffinity(0)"
    inside = f"(lambda all: (all.__enter__(), {cores}, all.__exit__(None, None, None), {cores}))"
    task = f"{inside}({pool}.on_every_core({threads}))"
    every = os.sched_getaffinity(0)
    with ProcessPool(len(every)) as workers:
        for _, during, _, after in workers.map(eval, [task] * 4):
            assert during == (every if threads > 1 or len(every) == 1 else after)
            assert len(after) == 1


def test_preload_imports_a_module_in_all_processes_without_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "slow_to_load.py").write_text("__import__('time').sleep(1)")
    monkeypatch.syspath_prepend(tmp_path)
    loaded = "(__import__('os').getpid(), 'slow_to_load' in __import__('sys').modules)"
    with ProcessPool(2) as workers:
        start = time.monotonic()
        workers.preload("slow_to_load")
        assert time.monotonic() - start < 1
        assert workers.started
        seen = set(workers.map(eval, [f"({BUSY}, {loaded})[1]"] * 8))
    assert [each for _, each in sorted(seen)] == [True, True]


def test_a_single_process_does_not_preload() -> None:
    with ProcessPool(1) as workers:
        workers.preload("no_such_module")
        assert not workers.started


def test_processes_that_still_import_end_with_the_pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "slow_to_load.py").write_text("__import__('time').sleep(1)")
    monkeypatch.syspath_prepend(tmp_path)
    with ProcessPool(3) as workers:
        workers.preload("slow_to_load")
    assert not multiprocessing.active_children()
