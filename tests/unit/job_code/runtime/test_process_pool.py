"""Real processes; what they do is a Python expression, as any function would have to be importable in them too."""

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

from job_code.runtime.process_pool import ONE_THREAD, WorkerDiedError, Workers
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
def test_results_come_in_the_order_of_the_tasks(count: int) -> None:
    tasks = ["(__import__('time').sleep(0.4), 'slow')[1]", *(f"{at} ** 2" for at in range(20))]
    with Workers(count) as workers:
        assert list(workers.map(eval, tasks)) == ["slow", *(at**2 for at in range(20))]
        assert list(workers.map(len, ["a", "bc"])) == [1, 2]  # the same processes do more than one thing
        assert list(workers.map(len, [])) == []


def test_one_worker_and_one_task_need_no_process() -> None:
    with Workers(1) as alone, Workers(2) as two:
        assert set(alone.map(eval, [PROCESS] * 3)) == {os.getpid()}
        assert list(two.map(eval, [PROCESS])) == [os.getpid()]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="Linux alone lets a process choose its cores")
def test_each_worker_has_a_core_of_its_own_where_there_is_one_for_each() -> None:
    before, cores = os.sched_getaffinity(0), set(range(os.cpu_count() or 1))
    own = f"({BUSY}, *__import__('os').sched_getaffinity(0))[1:]"
    os.sched_setaffinity(0, cores)
    try:
        with Workers(len(cores)) as workers, Workers(len(cores) + 1) as more:
            assert {core for cores_of_one in workers.map(eval, [own] * 6) for core in cores_of_one} == cores
            assert {len(cores_of_one) for cores_of_one in workers.map(eval, [own] * 6)} == {1}
            assert set(more.map(eval, [own] * 6)) == {tuple(sorted(cores))}
    finally:
        os.sched_setaffinity(0, before)


def test_the_work_is_spread_and_no_process_is_left() -> None:
    with Workers(2) as workers:
        processes = set(workers.map(eval, [BUSY] * 6))
        assert len(processes) == 2
        assert os.getpid() not in processes
        assert {child.pid for child in multiprocessing.active_children()} >= processes
        assert set(workers.map(eval, [PROCESS])) <= processes
    assert processes.isdisjoint(child.pid for child in multiprocessing.active_children())
    for process in processes:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


def test_what_has_not_begun_when_a_task_fails_is_not_done(tmp_path: Path) -> None:
    path = tmp_path / "done"
    slow = f"(open({str(path)!r}, 'a').write('x'), __import__('time').sleep(0.2))"
    with pytest.raises(ZeroDivisionError), Workers(2) as workers:
        list(workers.map(eval, ["1 / 0", *[slow] * 300]))
    assert not multiprocessing.active_children()
    assert len(path.read_text()) < 300


NOTE = "open({path!r}, 'a').write(str({process}) + chr(10))"


@pytest.mark.parametrize("count", [1, 3])
def test_every_process_does_once_what_all_of_its_work_needs(tmp_path: Path, count: int) -> None:
    path = tmp_path / "processes"
    with Workers(count) as workers:
        for times in (1, 2):
            workers.start(eval, NOTE.format(path=str(path), process=PROCESS))
            noted = path.read_text().split()
            assert len(noted) == times * count
            assert set(Counter(noted).values()) == {times}
        assert {str(process) for process in workers.map(eval, [BUSY] * 6)} <= set(noted)


def test_what_fails_at_the_start_is_told_and_breaks_nothing() -> None:
    with Workers(2) as workers:
        with pytest.raises(ZeroDivisionError):
            workers.start(eval, "1 / 0")
        assert list(workers.map(eval, ["3", "4"])) == [3, 4]
        with pytest.raises(WorkerDiedError):
            workers.start(eval, KILLED)


def test_whoever_waits_can_tell_of_progress() -> None:
    calls: list[int] = []
    with Workers(2) as workers:
        list(workers.map(eval, ["__import__('time').sleep(1.3)", "1"], while_waiting=lambda: calls.append(1)))
    assert calls


def test_an_exception_of_a_task_arrives_as_it_was() -> None:
    raising = "(_ for _ in ()).throw(OSError(28, 'No space left on device', 'x'))"
    with Workers(2) as workers:
        with pytest.raises(OSError, match="No space left") as raised:
            list(workers.map(eval, ["1", raising, "2"]))
        assert raised.value.errno == 28
        assert list(workers.map(eval, ["3", "4"])) == [3, 4]  # and breaks nothing


def test_a_killed_worker_is_an_error_that_says_why() -> None:
    with Workers(2) as workers:
        with pytest.raises(WorkerDiedError, match="a worker process was killed, which the system does where memory"):
            list(workers.map(eval, [BUSY, KILLED, BUSY, BUSY]))
        assert list(workers.map(eval, ["1 + 1", "2 + 2"])) == [2, 4]  # with processes of its own
    assert not multiprocessing.active_children()


def test_workers_have_one_thread_each_and_this_process_keeps_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("POLARS_MAX_THREADS", raising=False)
    environment = dict(os.environ)
    told = [f"__import__('os').environ.get({name!r})" for name in ONE_THREAD]
    with Workers(2) as workers:
        assert list(workers.map(eval, told)) == ["1"] * len(ONE_THREAD)
        assert list(workers.map(eval, ["__import__('polars').thread_pool_size()"] * 2)) == [1, 1]
        assert dict(os.environ) == environment
    assert dict(os.environ) == environment


HOLD = """
(lambda file: (
    __import__("fcntl").flock(file, 2),
    setattr(__import__("builtins"), {path!r}, file),  # held for as long as the process lives
    __import__("time").sleep({seconds}),
))(open({path!r}, "w"))
"""
PARENT = """
import sys, time
from job_code.runtime.process_pool import Workers

if __name__ == "__main__":
    with Workers(2) as workers:
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
def test_workers_end_with_their_parent_however_it_ends(tmp_path: Path, seconds: float) -> None:
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
from job_code.runtime.process_pool import WorkerDiedError, Workers

if __name__ == "__main__":
    blocked = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, blocked)
    with Workers(2) as workers:
        masks = list(workers.map(eval, ["(s := __import__('signal')).pthread_sigmask(s.SIG_BLOCK, ())"] * 2))
        assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == blocked
        assert all(signal.SIGTERM not in mask for mask in masks)
        try:
            list(workers.map(eval, ["__import__('time').sleep(600)", "__import__('os')._exit(9)"]))
        except WorkerDiedError:
            print("told")
"""


def test_a_process_that_waits_for_signals_keeps_its_mask_and_its_workers_can_be_ended(tmp_path: Path) -> None:
    script = tmp_path / "job.py"
    script.write_text(WAITING_FOR_SIGNALS)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    ended = subprocess.run(
        [sys.executable, script], env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert (ended.returncode, ended.stdout) == (0, "told\n"), ended.stderr


@pytest.mark.parametrize("count", [1, 2])
def test_results_are_given_as_they_come(count: int) -> None:
    tasks = ["(__import__('time').sleep(1), 'slow')[1]", *(f"{at} ** 2" for at in range(9))]
    with Workers(count) as workers:
        given = list(workers.as_completed(eval, tasks))
    assert sorted(given)[1:] == [(at + 1, at**2) for at in range(9)]
    assert given[-1 if count == 2 else 0] == (0, "slow")


def test_what_was_done_before_a_process_died_is_given() -> None:
    given: dict[int, object] = {}
    with Workers(2) as workers:
        tasks = ["'first'", f"({BUSY}, {KILLED})", *["'later'"] * 5]
        with pytest.raises(WorkerDiedError, match="where memory runs out"):
            given.update(workers.as_completed(eval, tasks))
        assert given[0] == "first"
        assert 1 not in given
        assert dict(workers.as_completed(eval, ["1", "2"])) == {0: 1, 1: 2}  # with processes of their own


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="Linux alone lets a process choose its cores")
@pytest.mark.parametrize("threads", [1, 2])
def test_work_of_several_threads_may_leave_its_core(threads: int) -> None:
    pool = "__import__('job_code.runtime.process_pool', fromlist=['_'])"
    cores = "__import__('os').sched_getaffinity(0)"
    inside = f"(lambda all: (all.__enter__(), {cores}, all.__exit__(None, None, None), {cores}))"
    task = f"{inside}({pool}.on_every_core({threads}))"
    every = os.sched_getaffinity(0)
    with Workers(len(every)) as workers:
        for _, during, _, after in workers.map(eval, [task] * 4):
            assert during == (every if threads > 1 or len(every) == 1 else after)
            assert len(after) == 1


def test_all_processes_load_a_module_while_this_one_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "slow_to_load.py").write_text("__import__('time').sleep(1)")
    monkeypatch.syspath_prepend(tmp_path)
    loaded = "(__import__('os').getpid(), 'slow_to_load' in __import__('sys').modules)"
    with Workers(2) as workers:
        start = time.monotonic()
        workers.preload("slow_to_load")
        assert time.monotonic() - start < 1
        assert workers.started
        seen = set(workers.map(eval, [f"({BUSY}, {loaded})[1]"] * 8))
    assert [each for _, each in sorted(seen)] == [True, True]


def test_where_there_is_one_process_it_loads_nothing_ahead() -> None:
    with Workers(1) as workers:
        workers.preload("no_such_module")
        assert not workers.started


def test_processes_that_still_load_end_with_the_pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "slow_to_load.py").write_text("__import__('time').sleep(1)")
    monkeypatch.syspath_prepend(tmp_path)
    with Workers(3) as workers:
        workers.preload("slow_to_load")
    assert not multiprocessing.active_children()
