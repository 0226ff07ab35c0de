"""Spreads work over processes of one thread each, or does it in this process where one is enough."""

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
from job_code.runtime.loading import loading

Task = TypeVar("Task")
Result = TypeVar("Result")

# LightGBM's threads meet after every few milliseconds and by default spin while they wait: where another process wants
# a core too, a fit takes ten times as long. Spinning for a moment only, then sleeping, costs nothing where nobody does.
# GNU's OpenMP runtime reads this as GOMP_SPINCOUNT, once, when LightGBM is loaded.
SPIN_COUNT = "50000"
# Read by polars, OpenMP (LightGBM) and OpenBLAS when they are loaded: a worker is one thread, and there is one a core.
ONE_THREAD = {"POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


DIED = (
    "a worker process was killed, which the system does where memory runs out; take an instance type with more memory"
)


class WorkerDiedError(OutOfMemoryError):
    """A worker process ended without a word, as it does where memory runs out."""


class Workers:
    """A pool of processes; as a context manager, it leaves none behind.

    The processes are spawned and not forked: LightGBM hangs in a process forked after its threads have run. They end
    with this process, however it ends.

    Args:
        count: Number of processes; with 1, this process does the work.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    @property
    def started(self) -> bool:
        """Whether the processes run."""
        return self._pool is not None

    def map(
        self,
        function: Callable[[Task], Result],
        tasks: Sequence[Task],
        *,
        while_waiting: Callable[[], None] = lambda: None,
    ) -> Iterator[Result]:
        """Applies a function to every task.

        Args:
            function: A function of a module.
            tasks: What to apply it to; sent to the processes pickled.
            while_waiting: Called about once a second.

        Yields:
            The results in the order of the tasks.

        Raises:
            WorkerDiedError: If a process was killed, as the system does where memory runs out.
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
            self._pool = None  # what comes next has processes of its own
            raise WorkerDiedError(DIED) from None

    def as_completed(self, function: Callable[[Task], Result], tasks: Sequence[Task]) -> Iterator[tuple[int, Result]]:
        """Applies a function to every task, and gives each result as soon as it is there.

        Args:
            function: A function of a module.
            tasks: What to apply it to; begun in this order.

        Yields:
            A task's place among the tasks, and its result.

        Raises:
            WorkerDiedError: If a process was killed; what was done by then has been given.
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

    def start(self, function: Callable[[Task], object], task: Task) -> None:
        """Starts all processes before there is work, and has each do once what all of its work will need.

        Args:
            function: A function of a module, which keeps what it makes.
            task: What to apply it to.

        Raises:
            WorkerDiedError: If a process was killed.
        """
        for _ in self.map(_once_a_process, [(function, task)] * self.count):
            pass

    def preload(self, module: str) -> None:
        """Start all processes and have each import a module, while this process goes on.

        Args:
            module: Name of a module that imports what all later work needs.
        """
        if self.count > 1:
            self._pool = self._make_pool(module)
            self._submit(_ignore, [None] * self.count)

    def _submit(self, function: Callable[[Task], Result], tasks: Sequence[Task]) -> "list[Future[Result]]":
        if self._pool is None:
            self._pool = self._make_pool()
        with _environment(ONE_THREAD):  # a task starts a process where none is idle
            return [self._pool.submit(function, task) for task in tasks]

    def _make_pool(self, module: str | None = None) -> ProcessPoolExecutor:
        _start_resource_tracker()
        context = multiprocessing.get_context("spawn")
        own = context.SimpleQueue()
        for core in _cores_for(self.count):
            own.put(core)
        arguments = (own, context.Barrier(self.count), module)
        return ProcessPoolExecutor(self.count, mp_context=context, initializer=_begin, initargs=arguments)


def _start_resource_tracker() -> None:
    """Starts what comes with the first pool, and would leave signals unblocked that this process wants blocked."""
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    try:
        # A job that is stopped ends at once. Its tracker then frees the semaphores, and need not warn of them.
        with _environment({"PYTHONWARNINGS": "ignore::UserWarning"}):
            resource_tracker.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


def available_cores() -> int:
    """Cores this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _cores_for(count: int) -> list[int | None]:
    """The core of each worker, where there is one for each: moved from core to core, they would lose their caches."""
    if not hasattr(os, "sched_getaffinity") or count != available_cores():
        return [None] * count
    return [*sorted(os.sched_getaffinity(0))]


_meeting: Barrier | None = None  # of all processes of this one's pool
_every_core: set[int] = set()  # that the pool may run on; empty where its processes have no core of their own


def _once_a_process(call: tuple[Callable[[Task], object], Task]) -> None:
    """Applies a function to a task, in every process of a pool: none goes on to a second call before all have one."""
    if _meeting is not None:
        _meeting.wait()
    function, task = call
    function(task)


def _ignore(_: object) -> None:
    """A task that only starts a process."""


@contextmanager
def on_every_core(threads: int) -> Iterator[None]:
    """Let a worker leave its own core for work of several threads; one thread stays where it is.

    Args:
        threads: Threads of the work.
    """
    if threads == 1 or not _every_core:
        yield
        return
    own = os.sched_getaffinity(0)
    os.sched_setaffinity(0, _every_core)
    try:
        yield
    finally:
        os.sched_setaffinity(0, own)


def _begin(cores: "SimpleQueue[int | None]", meeting: Barrier, module: str | None) -> None:
    """Gives a worker its core, has it end when it should, and loads a module.

    That is with the pool, which sends SIGTERM, and with the parent, however that ends.
    """
    global _meeting
    _meeting = meeting
    if (core := cores.get()) is not None:
        _every_core.update(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {core})
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})  # blocked in the parent, which waits for it otherwise
    parent = multiprocessing.parent_process()
    assert parent is not None

    def follow() -> None:
        # An idle worker waits for tasks on a pipe that its siblings hold open too: it would wait for ever.
        parent.join()
        os._exit(1)

    threading.Thread(target=follow, name="follow", daemon=True).start()
    if module is not None:
        with loading():
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
