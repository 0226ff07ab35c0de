"""One local cloud for the whole session, with one deployed stack."""

import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local_cloud import LocalCloud, wait_for_execution
from local_cloud.tests.assembly_writer import write_assembly
from local_cloud.tests.jobs_under_test import Jobs
from local_cloud.tests.templates import STACK, base_template


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """Open a local cloud with short stops and retries."""
    with LocalCloud(tmp_path_factory.mktemp("cloud"), stop_grace_seconds=1, time_scale=0.01, iam=False) as opened:
        yield opened


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the assembly of the example stack."""
    return write_assembly(tmp_path_factory.mktemp("assembly"), base_template(), stack=STACK)


@pytest.fixture(scope="session")
def outputs(cloud: LocalCloud, assembly: Path) -> dict[str, str]:
    """Deploy the example stack and return its outputs."""
    return cloud.deploy(assembly)[STACK]


@pytest.fixture(scope="session")
def jobs(cloud: LocalCloud, outputs: dict[str, str]) -> Jobs:
    """Return the factory of jobs that run the example image."""
    return Jobs(cloud, image=outputs["ImageUri"], role=outputs["RoleArn"], bucket=outputs["BucketName"])


_NUMBERS = itertools.count()


@pytest.fixture
def create(cloud: LocalCloud, outputs: dict[str, str]) -> Callable[..., str]:
    """Return a function that creates a state machine from states. The machine starts at the first state."""

    def create(states: dict[str, Any], **machine: Any) -> str:
        definition = {"StartAt": next(iter(states)), "States": states, **machine}
        created = cloud.client("stepfunctions").create_state_machine(
            name=f"machine-{next(_NUMBERS)}", definition=json.dumps(definition), roleArn=outputs["RoleArn"]
        )
        return str(created["stateMachineArn"])

    return create


@pytest.fixture
def start(cloud: LocalCloud, create: Callable[..., str]) -> Callable[..., str]:
    """Return a function that starts an execution of states and returns its ARN."""

    def start(states: dict[str, Any], value: Any = None, **machine: Any) -> str:
        created = create(states, **machine)
        started = cloud.client("stepfunctions").start_execution(stateMachineArn=created, input=json.dumps(value or {}))
        return str(started["executionArn"])

    return start


@pytest.fixture
def run(cloud: LocalCloud, start: Callable[..., str]) -> Callable[..., dict[str, Any]]:
    """Return a function that runs states to their end and returns the execution's description."""

    def run(states: dict[str, Any], value: Any = None, **machine: Any) -> dict[str, Any]:
        return dict(wait_for_execution(cloud.client, start(states, value, **machine), seconds=30))

    return run
