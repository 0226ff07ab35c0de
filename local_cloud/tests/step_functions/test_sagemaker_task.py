"""A state that creates a SageMaker job waits for it as in Step Functions."""

import json
import time
import uuid
from collections.abc import Callable
from typing import Any

from local_cloud import LocalCloud, wait_for_execution
from local_cloud.tests.jobs_under_test import Jobs

Run = Callable[..., dict[str, Any]]


def test_a_completed_job_is_the_output(jobs: Jobs, run: Run) -> None:
    name = f"job-{uuid.uuid4().hex[:8]}"
    state = jobs.training_state("States.Format('{}-{}-{}', $.name, $$.Execution.RedriveCount, $$.State.RetryCount)")
    ended = run({"Train": state | {"End": True}}, {"name": name})
    output = json.loads(ended["output"])
    assert output["TrainingJobName"] == f"{name}-0-0"
    assert output["TrainingJobStatus"] == "Completed"
    assert isinstance(output["CreationTime"], int)


def test_a_failed_job_is_the_cause_of_task_failed(jobs: Jobs, run: Run) -> None:
    states = {
        "Train": jobs.training_state("$$.Execution.Name", HyperParameters={"behavior": "fail"})
        | {"Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Read"}], "End": True},
        "Read": {
            "Type": "Pass",
            "Parameters": {"error.$": "$.error.Error", "job.$": "States.StringToJson($.error.Cause)"},
            "End": True,
        },
    }
    output = json.loads(run(states)["output"])
    assert output["error"] == "States.TaskFailed"
    assert output["job"]["TrainingJobStatus"] == "Failed"
    assert output["job"]["FailureReason"].startswith("AlgorithmError: input error: ")


def test_a_stopped_job_succeeds_with_status_stopped(cloud: LocalCloud, jobs: Jobs, start: Any) -> None:
    name = f"job-{uuid.uuid4().hex[:8]}"
    state = jobs.training_state("$.name", HyperParameters={"behavior": "wait"})
    execution = start({"Train": state | {"End": True}}, {"name": name})
    _wait_for_line(cloud, name, "waiting")
    cloud.client("sagemaker").stop_training_job(TrainingJobName=name)
    ended = wait_for_execution(cloud.client, execution)
    assert ended["status"] == "SUCCEEDED"
    assert json.loads(ended["output"])["TrainingJobStatus"] == "Stopped"


def test_stopping_the_execution_stops_the_job(cloud: LocalCloud, jobs: Jobs, start: Any) -> None:
    name = f"job-{uuid.uuid4().hex[:8]}"
    state = jobs.training_state("$.name", HyperParameters={"behavior": "wait"})
    execution = start({"Train": state | {"End": True}}, {"name": name})
    _wait_for_line(cloud, name, "waiting")
    cloud.client("stepfunctions").stop_execution(executionArn=execution)
    assert jobs.ended(name)["TrainingJobStatus"] == "Stopped"
    assert wait_for_execution(cloud.client, execution)["status"] == "ABORTED"


def test_a_state_that_times_out_stops_its_job(jobs: Jobs, run: Run) -> None:
    name = f"job-{uuid.uuid4().hex[:8]}"
    state = jobs.training_state("$.name", HyperParameters={"behavior": "wait"})
    ended = run({"Train": state | {"TimeoutSeconds": 1, "End": True}}, {"name": name})
    assert (ended["status"], ended["error"]) == ("FAILED", "States.Timeout")
    assert jobs.ended(name)["TrainingJobStatus"] == "Stopped"


def test_a_used_name_is_a_resource_in_use(jobs: Jobs, run: Run) -> None:
    used = jobs.train()["TrainingJobName"]
    ended = run({"Train": jobs.training_state("$.name") | {"End": True}}, {"name": used})
    assert ended["error"] == "SageMaker.ResourceInUseException"
    assert "must be unique" in ended["cause"]


def test_other_errors_share_one_name(jobs: Jobs, run: Run) -> None:
    ended = run({"Train": jobs.training_state("$.name") | {"End": True}}, {"name": "no_underscores"})
    assert ended["error"] == "SageMaker.AmazonSageMakerException"


def test_a_state_can_fall_back_to_another_instance_type(cloud: LocalCloud, jobs: Jobs, run: Run) -> None:
    cloud.fail_next_job(instance_type="ml.m5.large", reason="quota")
    spare = {"InstanceType": "ml.c5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10}
    states = {
        "First": jobs.training_state("States.Format('{}-1', $$.Execution.Name)")
        | {
            "Catch": [{"ErrorEquals": ["SageMaker.ResourceLimitExceededException"], "Next": "Second"}],
            "End": True,
        },
        "Second": jobs.training_state("States.Format('{}-2', $$.Execution.Name)", ResourceConfig=spare) | {"End": True},
    }
    output = json.loads(run(states)["output"])
    assert output["ResourceConfig"]["InstanceType"] == "ml.c5.xlarge"


def test_a_retry_has_a_new_retry_count(cloud: LocalCloud, jobs: Jobs, run: Run) -> None:
    cloud.fail_next_job(instance_type="ml.m5.large", reason="capacity")
    state = jobs.training_state("States.Format('{}-{}', $$.Execution.Name, $$.State.RetryCount)")
    retry = [{"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 60, "MaxAttempts": 2, "BackoffRate": 2}]
    ended = run({"Train": state | {"Retry": retry, "End": True}})
    assert ended["status"] == "SUCCEEDED", ended.get("cause")
    assert json.loads(ended["output"])["TrainingJobName"].endswith("-1")


def test_states_all_does_not_catch_parameters_of_a_wrong_type(jobs: Jobs, run: Run) -> None:
    state = jobs.training_state("$$.Execution.Name", HyperParameters={"horizon": 12})
    states = {
        "Train": state | {"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}], "End": True},
        "Caught": {"Type": "Pass", "End": True},
    }
    ended = run(states)
    assert ended["error"] == "States.Runtime"
    assert "The value for the field 'horizon' must be a STRING" in ended["cause"]


def test_a_processing_job_runs_in_sync(jobs: Jobs, run: Run) -> None:
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sagemaker:createProcessingJob.sync",
        "Parameters": {
            "ProcessingJobName.$": "$$.Execution.Name",
            "RoleArn": jobs.role,
            "AppSpecification": {"ImageUri": jobs.image},
            "ProcessingResources": {
                "ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10}
            },
            "ProcessingOutputConfig": {
                "Outputs": [
                    {
                        "OutputName": "results",
                        "S3Output": {
                            "S3Uri.$": f"States.Format('s3://{jobs.bucket}/{{}}', $$.Execution.Name)",
                            "LocalPath": "/opt/ml/processing/output",
                            "S3UploadMode": "EndOfJob",
                        },
                    }
                ]
            },
        },
        "End": True,
    }
    output = json.loads(run({"Infer": state})["output"])
    assert output["ProcessingJobStatus"] == "Completed"
    assert json.loads(jobs.read(f"{output['ProcessingJobName']}/seen-algo-1.json"))["arguments"] == ["by-default"]


def _wait_for_line(cloud: LocalCloud, name: str, line: str) -> None:
    while not any(line in log.read_text() for log in cloud.job_logs(name)):
        time.sleep(0.05)
