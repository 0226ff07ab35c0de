"""Processing jobs: a fleet that shares its input and fills one prefix."""

import json

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
    described = jobs.process(
        instances=2,
        inputs=[_input(jobs, "fleet/", S3DataDistributionType="ShardedByS3Key")],
        environment={"behaviour": "message", "COLOUR": "blue"},
    )
    assert described["ProcessingJobStatus"] == "Completed", described
    assert described["ExitMessage"] == "all went wellall went well"
    assert described["Environment"]["COLOUR"] == "blue"
    name = described["ProcessingJobName"]
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
    described = jobs.process(inputs=[_input(jobs, "fleet/")], environment={"behaviour": "fail"})
    assert described["ProcessingJobStatus"] == "Failed"
    assert described["FailureReason"] == "AlgorithmError: See job logs for more information, exit code: 2"


def test_an_empty_prefix_fails_the_job(jobs: Jobs) -> None:
    described = jobs.process(inputs=[_input(jobs, "nothing/")], environment={})
    assert described["FailureReason"].startswith("ClientError: Data download failed:No S3 objects found")


def test_what_is_not_known_here_is_refused(jobs: Jobs) -> None:
    elsewhere = _input(jobs, "fleet/") | {
        "S3Input": {"S3Uri": "s3://a/b", "LocalPath": "/data", "S3DataType": "S3Prefix"}
    }
    with pytest.raises(ClientError, match="LocalPath is not below /opt/ml/processing"):
        jobs.process(inputs=[elsewhere], environment={})
