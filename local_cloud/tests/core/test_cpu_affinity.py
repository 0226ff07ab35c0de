"""Instances with their own cores."""

import json
import os
from pathlib import Path

import pytest

from local_cloud import LocalCloud
from local_cloud.core.cpu_affinity import cores_of
from local_cloud.tests.jobs_under_test import Jobs
from local_cloud.tests.templates import STACK

linux = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="only Linux can limit processes to cores")


@linux
def test_each_instance_gets_the_next_cores(assembly: Path) -> None:
    available = sorted(os.sched_getaffinity(0))  # the clouds of other tests may have been started with more cores
    with LocalCloud(iam=False) as cloud:
        assert _cores_seen(cloud, assembly, instances=1) == [available]
    with LocalCloud(cores_per_instance=1, iam=False) as cloud:
        count = len(available) + 1
        assert _cores_seen(cloud, assembly, instances=count) == [[core] for core in (*available, available[0])]


def _cores_seen(cloud: LocalCloud, assembly: Path, *, instances: int) -> list[list[int]]:
    outputs = cloud.deploy(assembly)[STACK]
    jobs = Jobs(cloud, image=outputs["ImageUri"], role=outputs["RoleArn"], bucket=outputs["BucketName"])
    name = jobs.process(instances=instances, environment={})["ProcessingJobName"]
    seen = [jobs.read(f"processed/{name}/seen-algo-{number}.json") for number in range(1, instances + 1)]
    return [json.loads(text)["cores"] for text in seen]


@linux
def test_after_the_last_core_the_first_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {2, 3, 5})
    assert [cores_of(index, count=2) for index in range(3)] == [[2, 3], [5, 2], [3, 5]]


@linux
@pytest.mark.parametrize("count", [0, len(os.sched_getaffinity(0)) + 1 if hasattr(os, "sched_getaffinity") else 1])
def test_more_cores_than_available_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match=f"cores_per_instance={count}: this computer has"):
        LocalCloud(cores_per_instance=count)


def test_without_cpu_affinity_the_setting_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_setaffinity", raising=False)
    with pytest.raises(ValueError, match="only Linux can limit processes to cores"):
        LocalCloud(cores_per_instance=1)
