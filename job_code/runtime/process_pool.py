"""Distribute work over single-threaded processes, or do it in this process if one is enough."""

import importlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier
from types import TracebackType
from typing import Self, TypeVar

from job_code.errors import OutOfMemoryError
from job_code.runtime.gc_pause import gc_paused

Task = TypeVar("Task")
Result = TypeVar("Result")

# LightGBM's threads synchronize every few milliseconds, and by default they spin while they wait. If another process
# needs a core, a fit then takes ten times as long. Spinning only briefly costs nothing when the cores are free.
# GNU's OpenMP runtime reads this value from GOMP_SPINCOUNT once, when LightGBM is loaded.
SPIN_COUNT = "50000"
# polars, OpenMP (LightGBM) and OpenBLAS read these when they are loaded. Each worker has one thread and one core.
ONE_THREAD = {"POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


DIED = "the system killed a worker process, usually because memory ran out; use an instance type with more memory"


class WorkerDiedError(OutOfMemoryError):
    """A worker process was killed, usually by the system because memory ran out."""


class ProcessPool:
    """A pool of processes. As a context manager, it ends them all.

    The processes are spawned, not forked, because LightGBM hangs in a process that is forked after its threads ran.
    The processes also end if this process is killed.

    Args:
        count: Number of processes; with 1, this process does the work.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    @property
    def started(self) -> bool:
        """Whether the pool has processes."""
        return self._pool is not None

    def map(
        self,
        function: Callable[[Task], Result],
        tasks: Sequence[Task],
        *,
        while_waiting: Callable[[], None] = lambda: None,
    ) -> Iterator[Result]:
        """Apply a function to every task.

        Args:
            function: A module-level function.
            tasks: Its arguments; they are pickled for the processes.
            while_waiting: Called about once a second.

        Yields:
            The results in the order of the tasks.

        Raises:
            WorkerDiedError: If a process was killed, for example because memory ran out.
        """
        if self.count == 1 or (len(tasks) == 1 and self._pool is None):
            yield from map(function, tasks)
            return
        try:
            futures = self._submit(function, tasks)
            for future in futures:
                while wait([future], timeout=1).not_done:
                    while_waiting()
                yield future.result()
        except BrokenProcessPool:
            self._pool = None  # later calls start new processes
            raise WorkerDiedError(DIED) from None

    def as_completed(self, function: Callable[[Task], Result], tasks: Sequence[Task]) -> Iterator[tuple[int, Result]]:
        """Apply a function to every task, and yield each result as soon as it is ready.

        Args:
            function: A module-level function.
            tasks: Its arguments; the pool starts them in this order.

        Yields:
            The position of a task among the tasks, and its result.

        Raises:
            WorkerDiedError: If a process was killed. Results that were ready before have been yielded.
        """
        if self.count == 1:
            yield from enumerate(map(function, tasks))
            return
        died = False
        places = {future: place for place, future in enumerate(self._submit(function, tasks))}
        for future in as_completed(places):
            try:
                yield places[future], future.result()
            except BrokenProcessPool:
                died = True
        if died:
            self._pool = None
            raise WorkerDiedError(DIED)

    def run_on_each(self, function: Callable[[Task], object], task: Task) -> None:
        """Start all processes, and run an initializer once in each of them.

        Args:
            function: A module-level function that keeps its result in the process, for example in a cache.
            task: Its argument.

        Raises:
            WorkerDiedError: If a process was killed.
        """
        for _ in self.map(_once_a_process, [(function, task)] * self.count):
            pass

    def preload(self, module: str) -> None:
        """Start all processes and import a module in each. Do not wait for them.

        Args:
            module: Name of a module that imports everything that later tasks need.
        """
        if self.count > 1:
            self._pool = self._make_pool(module)
            self._submit(_ignore, [None] * self.count)

    def _submit(self, function: Callable[[Task], Result], tasks: Sequence[Task]) -> "list[Future[Result]]":
        if self._pool is None:
            self._pool = self._make_pool()
        with _environment(ONE_THREAD):  # the executor starts a process for a task if no process is idle
            return [self._pool.submit(function, task) for task in tasks]

    def _make_pool(self, module: str | None = None) -> ProcessPoolExecutor:
        _start_resource_tracker()
        context = multiprocessing.get_context("spawn")
        cores = context.SimpleQueue()
        for core in _cores_for(self.count):
            cores.put(core)
        arguments = (cores, context.Barrier(self.count), module)
        return ProcessPoolExecutor(self.count, mp_context=context, initializer=_initialize, initargs=arguments)


def _start_resource_tracker() -> None:
    """Start multiprocessing's resource tracker, and keep the signal mask of this process.

    The first pool would start the tracker too, but leaves signals unblocked that this process must block.
    """
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    try:
        # When a job is stopped, the tracker frees its semaphores. The tracker's warning about them is not needed.
        with _environment({"PYTHONWARNINGS": "ignore::UserWarning"}):
            resource_tracker.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


def available_cores() -> int:
    """Return the number of cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _cores_for(count: int) -> list[int | None]:
    """Assign one core to each worker if there are enough cores. A worker that changes cores loses its caches."""
    if not hasattr(os, "sched_getaffinity") or count != available_cores():
        return [None] * count
    return [*sorted(os.sched_getaffinity(0))]


_barrier: Barrier | None = None  # shared by all processes of the pool
_all_cores: set[int] = set()  # cores of the pool; empty if its processes have no assigned core


def _once_a_process(call: tuple[Callable[[Task], object], Task]) -> None:
    """Apply a function to a task. The barrier makes sure that every process of the pool gets one call."""
    if _barrier is not None:
        _barrier.wait()
    function, task = call
    function(task)


def _ignore(_: object) -> None:
    """Do nothing. Submitting this task starts a process."""


@contextmanager
def on_every_core(threads: int) -> Iterator[None]:
    """Let a worker use all cores during multi-threaded work. With one thread, it stays on its own core.

    Args:
        threads: Number of threads of the work.
    """
    if threads == 1 or not _all_cores:
        yield
        return
    own = os.sched_getaffinity(0)
    os.sched_setaffinity(0, _all_cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, own)


def _initialize(cores: "SimpleQueue[int | None]", barrier: Barrier, module: str | None) -> None:
    """Assign a core to this worker, make it end with the pool or its parent, and import a module.

    The pool ends a worker with SIGTERM. A thread ends the worker if the parent is killed.
    """
    global _barrier
    _barrier = barrier
    if (core := cores.get()) is not None:
        _all_cores.update(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {core})
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})  # the parent blocks it, because a thread waits for it
    parent = multiprocessing.parent_process()
    assert parent is not None

    def follow() -> None:
        # An idle worker waits for tasks on a pipe that its siblings also hold open, so the pipe never closes.
        parent.join()
        os._exit(1)

    threading.Thread(target=follow, name="follow", daemon=True).start()
    if module is not None:
        with gc_paused():
            importlib.import_module(module)


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
