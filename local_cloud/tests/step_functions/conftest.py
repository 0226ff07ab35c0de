"""The input of distributed Map states."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from local_cloud import LocalCloud
from local_cloud.tests.jobs_under_test import Jobs


@pytest.fixture
def planned(cloud: LocalCloud, jobs: Jobs) -> Callable[..., dict[str, Any]]:
    """Return a function that stores a list of `count` partitions in S3 and returns the input of the Map."""

    def planned(count: int, *, at_once: int = 4, text: str | None = None) -> dict[str, Any]:
        run = f"run-{uuid.uuid4().hex[:8]}"
        body = text or json.dumps([{"partition": f"p{number}"} for number in range(count)])
        cloud.client("s3").put_object(Bucket=jobs.bucket, Key=f"plans/{run}.json", Body=body)
        return {"run": run, "key": f"plans/{run}.json", "at_once": at_once}

    return planned
