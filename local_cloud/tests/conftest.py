"""One local cloud for the whole session, with one stack deployed into it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local_cloud import LocalCloud
from local_cloud.tests.assembly_writer import write_assembly
from local_cloud.tests.jobs_under_test import Jobs
from local_cloud.tests.templates import STACK, base_template


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A local cloud in which stops and retries do not take long."""
    with LocalCloud(tmp_path_factory.mktemp("cloud"), stop_grace_seconds=1, time_scale=0.01, iam=False) as opened:
        yield opened


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The assembly of the example stack."""
    return write_assembly(tmp_path_factory.mktemp("assembly"), base_template(), stack=STACK)


@pytest.fixture(scope="session")
def outputs(cloud: LocalCloud, assembly: Path) -> dict[str, str]:
    """The outputs of the example stack, deployed."""
    return cloud.deploy(assembly)[STACK]


@pytest.fixture(scope="session")
def jobs(cloud: LocalCloud, outputs: dict[str, str]) -> Jobs:
    """Makes jobs that run the example image."""
    return Jobs(cloud, image=outputs["ImageUri"], role=outputs["RoleArn"], bucket=outputs["BucketName"])
