"""Quotas of training jobs: listed page by page, set by a test, and kept by the jobs."""

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from local_cloud.cloud import LocalCloud
from local_cloud.tests.jobs_under_test import Jobs

NAME = "ml.m5.large for training job usage"


@pytest.fixture
def used_up(cloud: LocalCloud) -> Iterator[None]:
    cloud.set_quota(NAME, 0)
    yield
    cloud.set_quota(NAME, 20)


def quotas(cloud: LocalCloud) -> dict[str, float]:
    pages = cloud.client("service-quotas").get_paginator("list_service_quotas").paginate(ServiceCode="sagemaker")
    return {quota["QuotaName"]: quota["Value"] for page in pages for quota in page["Quotas"]}


def test_every_instance_type_has_one_of_each_kind(cloud: LocalCloud) -> None:
    found = quotas(cloud)
    assert len(found) > 200
    assert found[NAME] == found["ml.m5.large for spot training job usage"] == 20


def test_a_job_beyond_it_is_refused(cloud: LocalCloud, jobs: Jobs, used_up: None) -> None:  # noqa: ARG001
    assert quotas(cloud)[NAME] == 0
    with pytest.raises(ClientError, match="ResourceLimitExceeded"):
        jobs.train()
