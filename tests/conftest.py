"""Settings of the test process, and who gets which core where two of them work side by side."""

import os

import pytest

# As in the job itself: threads that spin while they wait make a fit on a busy machine ten times as long.
os.environ.setdefault("GOMP_SPINCOUNT", "50000")

CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
FIRST = ("workflow", "end_to_end", "infra")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Keeps together what shares a fixture: a file, and all that looks at the synthesised templates."""
    item.add_marker(pytest.mark.xdist_group("infra" if "infra" in item.path.parts else item.path.name))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begins with what takes longest, so that nobody waits for it at the end."""
    items.sort(key=lambda item: next((at for at, part in enumerate(FIRST) if part in item.path.parts), len(FIRST)))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Gives each of several test processes a core of its own: threads of two fits would wait for each other.

    What is tried end to end gets them all.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if worker and CORES:
        own = CORES[int(worker.removeprefix("gw")) % len(CORES)]
        os.sched_setaffinity(0, CORES if "end_to_end" in item.path.parts else {own})
