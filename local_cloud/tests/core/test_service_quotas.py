"""Quotas of SageMaker's jobs: the server lists them page by page, and jobs in progress use them."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_cloud.client.local_cloud import LocalCloud
from local_cloud.tests.jobs_under_test import Jobs

NAME = "ml.m5.large for training job usage"
# Instance types that no other test uses, so that other tests' jobs do not count.
TYPE, OTHER = "ml.m4.xlarge", "ml.m4.2xlarge"
USAGE = {
    "training": f"{TYPE} for training job usage",
    "spot": f"{TYPE} for spot training job usage",
    "processing": f"{TYPE} for processing job usage",
}


@pytest.fixture
def used_up(cloud: LocalCloud) -> Iterator[None]:
    cloud.set_quota(NAME, 0)
    yield
    cloud.set_quota(NAME, 20)


@pytest.fixture
def three(cloud: LocalCloud) -> Iterator[None]:
    for usage in USAGE.values():
        cloud.set_quota(usage, 3)
    yield
    for usage in USAGE.values():
        cloud.set_quota(usage, 20)


def quotas(cloud: LocalCloud) -> dict[str, float]:
    pages = cloud.client("service-quotas").get_paginator("list_service_quotas").paginate(ServiceCode="sagemaker")
    return {quota["QuotaName"]: quota["Value"] for page in pages for quota in page["Quotas"]}


def test_every_instance_type_has_a_quota_for_each_job_kind(cloud: LocalCloud) -> None:
    found = quotas(cloud)
    assert len(found) > 300
    assert found[NAME] == found["ml.m5.large for spot training job usage"] == 20
    assert found["ml.m5.large for processing job usage"] == 20


def test_a_job_beyond_its_quota_is_refused(cloud: LocalCloud, jobs: Jobs, used_up: None) -> None:  # noqa: ARG001
    assert quotas(cloud)[NAME] == 0
    with pytest.raises(ClientError, match="ResourceLimitExceeded"):
        jobs.train()


def _cluster(count: int, instance_type: str = TYPE) -> dict[str, Any]:
    return {"InstanceType": instance_type, "InstanceCount": count, "VolumeSizeInGB": 10}


def _start_training(cloud: LocalCloud, jobs: Jobs, count: int, **settings: Any) -> str:
    request = jobs.training_request(
        HyperParameters={"behavior": "wait"}, **{"ResourceConfig": _cluster(count), **settings}
    )
    cloud.client("sagemaker").create_training_job(**request)
    return str(request["TrainingJobName"])


def _start_processing(jobs: Jobs, count: int) -> str:
    return jobs.start_processing(instance_type=TYPE, instances=count, environment={"behavior": "wait"})


def test_instances_count_until_their_job_ends(cloud: LocalCloud, jobs: Jobs, three: None) -> None:  # noqa: ARG001
    first = _start_training(cloud, jobs, 2)
    wording = (
        f"The account-level service limit '{USAGE['training']}' is 3 Instances, with current utilization of 2 "
        "Instances and a request delta of 2 Instances. Please use AWS Service Quotas to request an increase for this "
        "quota."
    )
    with pytest.raises(cloud.client("sagemaker").exceptions.ResourceLimitExceeded) as refused:
        _start_training(cloud, jobs, 2)
    assert refused.value.response["Error"]["Message"] == wording
    second = _start_training(cloud, jobs, 1)
    for name in (first, second):
        cloud.client("sagemaker").stop_training_job(TrainingJobName=name)
        jobs.ended(name)
    third = _start_training(cloud, jobs, 3)
    cloud.client("sagemaker").stop_training_job(TrainingJobName=third)
    jobs.ended(third)


def test_kind_type_and_spot_have_separate_quotas(cloud: LocalCloud, jobs: Jobs, three: None) -> None:  # noqa: ARG001
    on_spot = {
        "EnableManagedSpotTraining": True,
        "StoppingCondition": {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 60},
    }
    training = [
        _start_training(cloud, jobs, 3),
        _start_training(cloud, jobs, 3, **on_spot),
        _start_training(cloud, jobs, 3, ResourceConfig=_cluster(3, OTHER)),
    ]
    processing = _start_processing(jobs, 3)
    with pytest.raises(ClientError, match=USAGE["spot"]):
        _start_training(cloud, jobs, 1, **on_spot)
    with pytest.raises(ClientError, match=f"{USAGE['processing']}' is 3 Instances, with current utilization of 3"):
        _start_processing(jobs, 1)
    for name in training:
        cloud.client("sagemaker").stop_training_job(TrainingJobName=name)
        jobs.ended(name)
    cloud.client("sagemaker").stop_processing_job(ProcessingJobName=processing)
    jobs.ended(processing, kind="processing")
