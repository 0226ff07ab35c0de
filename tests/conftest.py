"""Settings of the test process, and who gets which core where two of them work side by side."""

import os

import pytest
from xdist.remote import Producer  # type: ignore[import-untyped]
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from job_code.runtime.process_pool import SPIN_COUNT

os.environ.setdefault("GOMP_SPINCOUNT", SPIN_COUNT)  # before LightGBM is loaded

CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


# Files that begin so share what takes long to make.
TOGETHER = {
    "tests/infra/": "the synthesised templates",
    "tests/workflow/test_fleet": "the production environment",
    "tests/workflow/test_production": "the production environment",
}


class ByFixture(LoadScopeScheduling):  # type: ignore[misc]
    """Hands out whole files; and as one, those that share a fixture."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return next((shared for beginning, shared in TOGETHER.items() if file.startswith(beginning)), file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFixture:
    """Called where there are several test processes: a fixture that takes long is then made in one of them."""
    return ByFixture(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Gives each of several test processes a core of its own: threads of two fits would wait for each other.

    What is tried end to end gets them all.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if worker and CORES:
        own = CORES[int(worker.removeprefix("gw")) % len(CORES)]
        os.sched_setaffinity(0, CORES if "end_to_end" in item.path.parts else {own})
