"""Settings of the test processes, and the distribution of tests and cores among them."""

import os

import pytest
from xdist.remote import Producer  # type: ignore[import-untyped]
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from job_code.runtime.process_pool import SPIN_COUNT

os.environ.setdefault("GOMP_SPINCOUNT", SPIN_COUNT)  # LightGBM's runtime reads it once, on import

CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


# Files with one of these prefixes share a fixture that takes long.
TOGETHER = {
    "tests/infra/": "the synthesized templates",
    "tests/workflow/test_fleet": "the production environment",
    "tests/workflow/test_production": "the production environment",
}


class ByFixture(LoadScopeScheduling):  # type: ignore[misc]
    """Assigns whole files to processes, and keeps files with a shared fixture together."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return next((shared for beginning, shared in TOGETHER.items() if file.startswith(beginning)), file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFixture:
    """Create the scheduler for several test processes, so that only one of them makes a shared fixture."""
    return ByFixture(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Assign one core to each of several test processes. Otherwise threads of two fits would wait for each other.

    End-to-end tests may use all cores.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if worker and CORES:
        own = CORES[int(worker.removeprefix("gw")) % len(CORES)]
        os.sched_setaffinity(0, CORES if "end_to_end" in item.path.parts else {own})
