"""Training jobs run the image's entry point."""

import json
import sys
import time

import pytest
from botocore.exceptions import ClientError

from local_cloud import LocalCloud
from local_cloud.tests.jobs_under_test import Jobs


def test_a_job_reads_its_data_and_uploads_its_output(cloud: LocalCloud, jobs: Jobs) -> None:
    jobs.put("demand/a.txt", "demand/deep/b.txt", "demand-old/c.txt")
    description = jobs.train(
        inputs={"demand": f"s3://{jobs.bucket}/demand/", "loose": f"s3://{jobs.bucket}/demand"},
        HyperParameters={"horizon": "12"},
        Environment={"COLOR": "blue"},
    )
    name = description["TrainingJobName"]
    assert description["TrainingJobStatus"] == "Completed", description
    assert [transition["Status"] for transition in description["SecondaryStatusTransitions"]] == [
        "Starting",
        "Downloading",
        "Training",
        "Uploading",
        "Completed",
    ]
    assert description["Environment"] == {"COLOR": "blue"}
    assert description["HyperParameters"] == {"horizon": "12"}
    assert description["TrainingStartTime"] <= description["TrainingEndTime"]
    artifacts = description["ModelArtifacts"]["S3ModelArtifacts"]
    assert artifacts == f"s3://{jobs.bucket}/output/{name}/output/model.tar.gz"
    assert jobs.archive(f"output/{name}/output/model.tar.gz") == {"model-algo-1.txt": b"a model"}
    seen = jobs.seen(name)
    assert seen["arguments"] == ["train"]
    assert seen["files"] == {
        "demand/a.txt": "content of demand/a.txt",
        "demand/deep/b.txt": "content of demand/deep/b.txt",
        "loose/a.txt": "content of demand/a.txt",
        "loose/deep/b.txt": "content of demand/deep/b.txt",
        "loose/-old/c.txt": "content of demand-old/c.txt",
    }
    assert seen["folder"].endswith("/opt/program")
    assert seen["siblings"] == [".dockerignore", "Dockerfile", "work.py"]
    environment = seen["environment"]
    assert environment["TRAINING_JOB_NAME"] == name
    assert environment["TRAINING_JOB_ARN"] == description["TrainingJobArn"]
    assert environment["AWS_ENDPOINT_URL"] == cloud.endpoint_url
    assert environment["GREETING"] == "hello from the image"
    assert environment["COLOR"] == "blue"


def test_a_job_gets_no_variables_of_the_caller(jobs: Jobs) -> None:
    seen = jobs.seen(jobs.train()["TrainingJobName"])
    allowed = {"PATH", "LANG", "LC_CTYPE", "HOME", "TMPDIR", "PWD", "GREETING", "PYTHONUNBUFFERED"}
    allowed |= {"TRAINING_JOB_NAME", "TRAINING_JOB_ARN", "SAGEMAKER_BASE_DIR", "__CF_USER_TEXT_ENCODING"}
    # Credentials and the endpoint. SageMaker documents no variable for the region, and boto3 needs one.
    allowed |= {"AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_CONFIG_FILE"}
    allowed |= {"AWS_SHARED_CREDENTIALS_FILE", "AWS_EC2_METADATA_DISABLED"}
    assert set(seen["environment"]) <= allowed


def test_the_base_folder_is_set_only_without_opt_ml(jobs: Jobs) -> None:
    seen = jobs.seen(jobs.train()["TrainingJobName"])
    assert ("SAGEMAKER_BASE_DIR" in seen["environment"]) == (seen["base"] != "/opt/ml")
    if not sys.platform.startswith("linux"):
        assert seen["base"] != "/opt/ml"


def test_job_output_is_in_a_file_and_in_cloudwatch(cloud: LocalCloud, jobs: Jobs) -> None:
    name = jobs.train()["TrainingJobName"]
    (log,) = cloud.job_logs(name)
    assert log.read_text() == "working on algo-1\ndone"
    logs = cloud.client("logs")
    group = "/aws/sagemaker/TrainingJobs"
    (stream,) = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=f"{name}/")["logStreams"]
    assert stream["logStreamName"].startswith(f"{name}/algo-1-")
    events = logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"])["events"]
    assert [event["message"] for event in events] == ["working on algo-1", "done"]


def test_the_failure_reason_has_the_failure_file(jobs: Jobs) -> None:
    description = jobs.train(HyperParameters={"behavior": "fail"})
    assert description["TrainingJobStatus"] == description["SecondaryStatus"] == "Failed"
    assert description["FailureReason"] == "AlgorithmError: " + ("input error: " + "x" * 2000)[:1024] + ", exit code: 2"
    assert "ModelArtifacts" not in description


def test_an_empty_prefix_fails_the_job(jobs: Jobs) -> None:
    description = jobs.train(inputs={"demand": f"s3://{jobs.bucket}/nothing/"})
    assert description["TrainingJobStatus"] == "Failed"
    assert description["FailureReason"].startswith(
        f'ClientError: Data download failed:No S3 objects found under S3 URL "s3://{jobs.bucket}/nothing/"'
    )


@pytest.mark.parametrize(
    ("behavior", "exit_line"),
    [("wait", "asked to stop"), ("stubborn", "waiting")],
    ids=["handles_sigterm", "ignores_sigterm"],
)
def test_a_stopped_job_gets_sigterm_then_sigkill(cloud: LocalCloud, jobs: Jobs, behavior: str, exit_line: str) -> None:
    request = jobs.training_request(HyperParameters={"behavior": behavior})
    name = request["TrainingJobName"]
    cloud.client("sagemaker").create_training_job(**request)
    _wait_for_line(cloud, name, "waiting")
    cloud.client("sagemaker").stop_training_job(TrainingJobName=name)
    assert jobs.describe(name)["TrainingJobStatus"] == "Stopping"
    description = jobs.ended(name)
    assert description["TrainingJobStatus"] == description["SecondaryStatus"] == "Stopped"
    assert "FailureReason" not in description
    assert cloud.job_logs(name)[0].read_text().splitlines()[-1] == exit_line
    with pytest.raises(ClientError, match=r"ValidationException.*Stopped"):
        cloud.client("sagemaker").stop_training_job(TrainingJobName=name)


def test_a_job_is_stopped_at_its_maximum_runtime(jobs: Jobs) -> None:
    description = jobs.train(HyperParameters={"behavior": "wait"}, StoppingCondition={"MaxRuntimeInSeconds": 1})
    assert description["TrainingJobStatus"] == "Stopped"
    assert description["SecondaryStatus"] == "MaxRuntimeExceeded"


def test_uncompressed_output_is_plain_objects(jobs: Jobs) -> None:
    description = jobs.train(OutputDataConfig={"S3OutputPath": f"s3://{jobs.bucket}/plain/", "CompressionType": "NONE"})
    name = description["TrainingJobName"]
    assert jobs.read(f"plain/{name}/output/model/model-algo-1.txt") == b"a model"
    assert description["ModelArtifacts"]["S3ModelArtifacts"].endswith(f"/plain/{name}/output/model/")


def test_a_job_name_cannot_be_reused(cloud: LocalCloud, jobs: Jobs) -> None:
    request = jobs.training_request(HyperParameters={"behavior": "fail"})
    cloud.client("sagemaker").create_training_job(**request)
    jobs.ended(request["TrainingJobName"])
    with pytest.raises(cloud.client("sagemaker").exceptions.ResourceInUse, match="must be unique"):
        cloud.client("sagemaker").create_training_job(**request)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"TrainingJobName": "no_underscores"}, "regular expression pattern"),
        ({"HyperParameters": {"horizon": "1" * 3000}}, "length less than or equal to 2500"),
        ({"Environment": {"LONG": "x" * 513}}, "length less than or equal to 512"),
        ({"ResourceConfig": {"VolumeSizeInGB": 10}}, "does not support a ResourceConfig without InstanceType"),
        ({"AlgorithmSpecification": {"TrainingImage": "a.b/c:d", "TrainingInputMode": "File"}}, "image not found"),
    ],
)
def test_a_bad_request_is_refused(cloud: LocalCloud, jobs: Jobs, change: dict[str, object], message: str) -> None:
    with pytest.raises(ClientError, match=f"ValidationException.*{message}"):
        cloud.client("sagemaker").create_training_job(**(jobs.training_request() | change))


def test_a_job_with_a_missing_network_is_refused(cloud: LocalCloud, jobs: Jobs) -> None:
    ec2 = cloud.client("ec2")
    (subnet, *_), (group, *_) = ec2.describe_subnets()["Subnets"], ec2.describe_security_groups()["SecurityGroups"]
    existing = {"Subnets": [subnet["SubnetId"]], "SecurityGroupIds": [group["GroupId"]]}
    description = jobs.train(VpcConfig=existing)
    assert (description["TrainingJobStatus"], description["VpcConfig"]) == ("Completed", existing)
    for missing in ({"Subnets": ["subnet-01234567"]}, {"SecurityGroupIds": ["sg-01234567"]}):
        ((identifier,),) = missing.values()
        with pytest.raises(ClientError, match=f"ValidationException.*'{identifier}' does not exist"):
            cloud.client("sagemaker").create_training_job(**jobs.training_request(VpcConfig={**existing, **missing}))


def test_a_job_may_fail_for_missing_capacity_or_quota(cloud: LocalCloud, jobs: Jobs) -> None:
    cloud.fail_next_job(instance_type="ml.m5.large", reason="capacity")
    cloud.fail_next_job(instance_type="ml.c5.xlarge", reason="quota")
    description = jobs.train()
    assert description["FailureReason"].startswith("CapacityError: Unable to provision requested ML compute capacity.")
    cluster = {"InstanceType": "ml.c5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10}
    with pytest.raises(
        cloud.client("sagemaker").exceptions.ResourceLimitExceeded, match=r"ml\.c5\.xlarge for training"
    ):
        jobs.train(ResourceConfig=cluster)
    assert jobs.train(ResourceConfig=cluster)["TrainingJobStatus"] == "Completed"


def test_instances_share_sharded_channels_and_merge_their_output(jobs: Jobs) -> None:
    jobs.put(*(f"shards/{number}.txt" for number in range(5)))
    source = {
        "S3DataType": "S3Prefix",
        "S3Uri": f"s3://{jobs.bucket}/shards/",
        "S3DataDistributionType": "ShardedByS3Key",
    }
    description = jobs.train(
        InputDataConfig=[{"ChannelName": "demand", "DataSource": {"S3DataSource": source}}],
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 10},
    )
    name = description["TrainingJobName"]
    first, second = (set(jobs.seen(name, host)["files"]) for host in ("algo-1", "algo-2"))
    assert len(first) == 3
    assert len(second) == 2
    assert first | second == {f"demand/{number}.txt" for number in range(5)}
    assert set(jobs.archive(f"output/{name}/output/model.tar.gz")) == {"model-algo-1.txt", "model-algo-2.txt"}


def test_one_failing_instance_ends_the_others(jobs: Jobs) -> None:
    started = time.monotonic()
    description = jobs.train(
        HyperParameters={"behavior": "fail-on-algo-2"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 10},
    )
    assert description["FailureReason"] == "AlgorithmError: , exit code: 3"
    assert time.monotonic() - started < 30


def test_jobs_are_listed_newest_first(cloud: LocalCloud, jobs: Jobs) -> None:
    names = [jobs.train()["TrainingJobName"] for _ in range(2)]
    listed = cloud.client("sagemaker").list_training_jobs(StatusEquals="Completed")["TrainingJobSummaries"]
    assert [job["TrainingJobName"] for job in listed][:2] == names[::-1]


def test_the_configuration_files_match_sagemaker(cloud: LocalCloud, jobs: Jobs) -> None:
    jobs.put("demand/a.txt")
    name = jobs.train(inputs={"demand": f"s3://{jobs.bucket}/demand/"})["TrainingJobName"]
    config = cloud.state_folder / "jobs/training" / name / "algo-1/opt/ml/input/config"
    assert json.loads((config / "hyperparameters.json").read_text()) == {}
    assert json.loads((config / "resourceconfig.json").read_text())["hosts"] == ["algo-1"]
    assert json.loads((config / "inputdataconfig.json").read_text()) == {
        "demand": {
            "TrainingInputMode": "File",
            "S3DistributionType": "FullyReplicated",
            "RecordWrapperType": "None",
        }
    }


def _wait_for_line(cloud: LocalCloud, name: str, line: str) -> None:
    while not any(line in log.read_text() for log in cloud.job_logs(name)):
        time.sleep(0.05)


def _paused_job(cloud: LocalCloud, jobs: Jobs) -> str:
    """Start a job that prints numbers for ten seconds, and wait until it prints no more."""
    cloud.pause_job_at("working on algo-1")
    request = jobs.training_request(HyperParameters={"behavior": "count"})
    name = str(request["TrainingJobName"])
    cloud.client("sagemaker").create_training_job(**request)
    _wait_for_line(cloud, name, "working on algo-1")
    (log,) = cloud.job_logs(name)
    printed = ""
    while (text := log.read_text()) != printed:
        printed = text
        time.sleep(1)
    assert "199" not in printed
    return name


def test_a_job_pauses_at_a_line_until_it_is_killed(cloud: LocalCloud, jobs: Jobs) -> None:
    try:
        name = _paused_job(cloud, jobs)
        cloud.kill_job(name)
        assert jobs.ended(name)["FailureReason"].endswith("exit code: 137")
    finally:
        cloud.resume_jobs()


def test_a_paused_job_continues(cloud: LocalCloud, jobs: Jobs) -> None:
    try:
        name = _paused_job(cloud, jobs)
    finally:
        cloud.resume_jobs()
    assert jobs.ended(name)["TrainingJobStatus"] == "Completed"
    assert cloud.job_logs(name)[0].read_text().endswith("199\ndone")
