"""A job reaches S3 only in the bucket's region, as in an isolated network."""

from local_cloud import LocalCloud
from local_cloud.tests.jobs_under_test import Jobs


def test_a_job_without_a_region_cannot_write(cloud: LocalCloud, jobs: Jobs) -> None:
    assert cloud.region != "us-east-1"
    description = jobs.train(HyperParameters={"behavior": "upload", "bucket": jobs.bucket})
    assert description["TrainingJobStatus"] == "Failed"
    assert f"the bucket {jobs.bucket} is in {cloud.region}" in description["FailureReason"]


def test_a_job_with_its_region_writes(cloud: LocalCloud, jobs: Jobs) -> None:
    description = jobs.train(
        HyperParameters={"behavior": "upload", "bucket": jobs.bucket}, Environment={"AWS_DEFAULT_REGION": cloud.region}
    )
    assert description["TrainingJobStatus"] == "Completed", description
    assert jobs.read("uploaded/algo-1") == b"a result"
