"""Processing jobs: the instances of a fleet share the input and write to one prefix."""

import json
import os
import signal
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_cloud import LocalCloud
from local_cloud.tests.jobs_under_test import Jobs


def _input(jobs: Jobs, prefix: str, **settings: str) -> dict[str, object]:
    return {
        "InputName": "shards",
        "S3Input": {
            "S3Uri": f"s3://{jobs.bucket}/{prefix}",
            "LocalPath": "/opt/ml/processing/input",
            "S3DataType": "S3Prefix",
            "S3InputMode": "File",
            **settings,
        },
    }


def test_two_instances_share_the_input_and_fill_one_prefix(cloud: LocalCloud, jobs: Jobs) -> None:
    jobs.put(*(f"fleet/{number}.txt" for number in range(3)))
    description = jobs.process(
        instances=2,
        inputs=[_input(jobs, "fleet/", S3DataDistributionType="ShardedByS3Key")],
        environment={"behavior": "message", "COLOR": "blue"},
    )
    assert description["ProcessingJobStatus"] == "Completed", description
    assert description["ExitMessage"] == "all went wellall went well"
    assert description["Environment"]["COLOR"] == "blue"
    name = description["ProcessingJobName"]
    seen = {host: json.loads(jobs.read(f"processed/{name}/seen-{host}.json")) for host in ("algo-1", "algo-2")}
    assert list(seen["algo-1"]["files"]) == ["0.txt", "2.txt"]
    assert list(seen["algo-2"]["files"]) == ["1.txt"]
    assert seen["algo-1"]["arguments"] == ["infer"]
    config = cloud.state_folder / "jobs/processing" / name / "algo-2/opt/ml/config"
    assert json.loads((config / "resourceconfig.json").read_text()) == {
        "current_host": "algo-2",
        "hosts": ["algo-1", "algo-2"],
    }
    assert json.loads((config / "processingjobconfig.json").read_text())["ProcessingJobArn"]


def test_a_failing_container_fails_the_job(jobs: Jobs) -> None:
    jobs.put("fleet/0.txt")
    description = jobs.process(inputs=[_input(jobs, "fleet/")], environment={"behavior": "fail"})
    assert description["ProcessingJobStatus"] == "Failed"
    assert description["FailureReason"] == "AlgorithmError: See job logs for more information, exit code: 2"


def test_an_instance_may_receive_no_objects(cloud: LocalCloud, jobs: Jobs) -> None:
    jobs.put("few/0.txt", "few/1.txt", "few/1-old.txt", "few-old/2.txt")
    cloud.client("s3").put_object(
        Bucket=jobs.bucket, Key="few/", Body=b""
    )  # a folder made in the console is not a file
    settings = {"S3DataDistributionType": "ShardedByS3Key"}
    description = jobs.process(instances=4, inputs=[_input(jobs, "few/", **settings)], environment={})
    assert description["ProcessingJobStatus"] == "Completed", description
    job = cloud.state_folder / "jobs/processing" / description["ProcessingJobName"]
    received = [job / f"algo-{number}/opt/ml/processing/input" for number in range(1, 5)]
    assert all(folder.is_dir() for folder in received)
    names = [[path.name for path in folder.rglob("*")] for folder in received]
    assert names == [["0.txt"], ["1-old.txt"], ["1.txt"], []]


def test_every_instance_gets_unsharded_input(jobs: Jobs) -> None:
    jobs.put("model/a.txt", "model/deep/b.txt", "model-old/c.txt")
    with_end, without = (
        jobs.process(instances=2, inputs=[_input(jobs, prefix)], environment={}) for prefix in ("model/", "model")
    )
    for host in ("algo-1", "algo-2"):
        assert set(_seen(jobs, with_end, host)) == {"a.txt", "deep/b.txt"}
        assert set(_seen(jobs, without, host)) == {"a.txt", "deep/b.txt", "-old/c.txt"}


def _seen(jobs: Jobs, description: dict[str, Any], host: str) -> dict[str, str]:
    text = jobs.read(f"processed/{description['ProcessingJobName']}/seen-{host}.json")
    return dict(json.loads(text)["files"])


def test_a_killed_instance_ends_the_fleet(cloud: LocalCloud, jobs: Jobs) -> None:
    name = jobs.start_processing(instances=2, environment={"behavior": "wait"})
    while sum("waiting" in log.read_text() for log in cloud.job_logs(name)) < 2:
        time.sleep(0.05)
    process = int((cloud.state_folder / "jobs/processing" / name / "algo-2/opt/ml.pid").read_text())
    os.kill(process, signal.SIGKILL)
    description = jobs.ended(name, kind="processing")
    assert description["ProcessingJobStatus"] == "Failed"
    assert description["FailureReason"] == "AlgorithmError: See job logs for more information, exit code: 137"


def test_the_platform_fails_processing_jobs_too(cloud: LocalCloud, jobs: Jobs) -> None:
    cloud.fail_next_job(instance_type="ml.c4.xlarge", reason="capacity")
    cloud.fail_next_job(instance_type="ml.c4.xlarge", reason="internal")
    assert jobs.process(environment={})["ProcessingJobStatus"] == "Completed"  # the faults are for another type
    for reason in ("CapacityError: Unable to provision", "InternalServerError: "):
        description = jobs.process(instance_type="ml.c4.xlarge", instances=2, environment={})
        assert description["ProcessingJobStatus"] == "Failed"
        assert description["FailureReason"].startswith(reason)
    cloud.fail_next_job(reason="quota")
    with pytest.raises(ClientError, match=r"ResourceLimitExceeded.*ml\.m5\.large for processing job usage' is 0 Inst"):
        jobs.process(environment={})
    assert jobs.process(environment={})["ProcessingJobStatus"] == "Completed"


def test_an_empty_prefix_fails_the_job(jobs: Jobs) -> None:
    description = jobs.process(inputs=[_input(jobs, "nothing/")], environment={})
    assert description["FailureReason"].startswith("ClientError: Data download failed:No S3 objects found")


def test_an_unsupported_local_path_is_refused(jobs: Jobs) -> None:
    elsewhere = _input(jobs, "fleet/") | {
        "S3Input": {"S3Uri": "s3://a/b", "LocalPath": "/data", "S3DataType": "S3Prefix"}
    }
    with pytest.raises(ClientError, match="LocalPath is not below /opt/ml/processing"):
        jobs.process(inputs=[elsewhere], environment={})
