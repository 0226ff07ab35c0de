import json
from typing import Any

import pytest

from lambdas.explain_failure import handler as module
from lambdas.explain_failure.handler import explain as typed_explain
from tests.unit.lambdas.conftest import CONTEXT

# The tests' states have only the keys that a function reads.
explain: Any = typed_explain
handle: Any = module.handler

JOB = "onejob-dev-20261118-093005-0a1b2c3d-0-0-0"
EXECUTION = {"id": "arn:aws:states:eu-central-1:123456789012:execution:onejob-dev-forecast:3f0c"}
PLAN = {"job_name": "onejob-dev-20261118-093005-0a1b2c3d"}


def failed_job(reason: str, **details: Any) -> dict[str, str]:
    """The error of a `.sync` integration: the description of the job."""
    job = {"TrainingJobName": JOB, "TrainingJobStatus": "Failed", "SecondaryStatus": "Failed", "FailureReason": reason}
    return {"Error": "States.TaskFailed", "Cause": json.dumps({**job, **details})}


def failed_function(name: str, text: str) -> dict[str, str]:
    return {"Error": name, "Cause": json.dumps({"errorMessage": text, "errorType": name, "stackTrace": ["..."]})}


def not_completed(secondary: str) -> dict[str, str]:
    job = {"name": JOB, "status": "Stopped", "secondary_status": secondary, "arn": "arn"}
    return {"Error": "JobNotCompleted", "Cause": json.dumps(job)}


FLEET = {name: f"s3://forecast-bucket/handover/{name}/" for name in ("chunks", "shared", "model")}
# The result of PlanFleet, and the training job before it.
BY_FLEET: dict[str, Any] = {"job": {"name": JOB, "status": "Completed"}, "fleet": FLEET}
FLEET_JOB = "onejob-dev-20261118-093005-0a1b2c3d-1-0-1"


def failed_fleet(reason: str = "AlgorithmError: , exit code: 1", message: str = "", **details: Any) -> dict[str, str]:
    job = {"ProcessingJobName": FLEET_JOB, "ProcessingJobStatus": "Failed", "FailureReason": reason}
    return {"Error": "States.TaskFailed", "Cause": json.dumps({**job, "ExitMessage": message, **details})}


def stopped_fleet(**description: Any) -> dict[str, str]:
    job = {"name": FLEET_JOB, "status": "Stopped", "arn": "arn", "description": description}
    return {"Error": "JobNotCompleted", "Cause": json.dumps(job)}


def explained(error: dict[str, str], **state: Any) -> Any:
    return explain(
        {"execution": EXECUTION, "plan": PLAN, "preflight": {}, "error": error, **state}, deployment="onejob-dev"
    )


QUOTA = (
    "The account-level service limit 'ml.m5.xlarge for training job usage' is 0 Instances, with current utilization of "
    "0 Instances and a request delta of 1 Instances. (Service: SageMaker, Status Code: 400)"
)


@pytest.mark.parametrize(
    ("error", "kind", "rerun_helps", "summary"),
    [
        (
            failed_job("AlgorithmError: [InputError] demand: 3 series have duplicate weeks, exit code: 2"),
            "InputError",
            False,
            "demand: 3 series have duplicate weeks",
        ),
        (failed_function("InputError", "input: cutoff ..."), "InputError", False, "input: cutoff ..."),
        (failed_job("AlgorithmError: [JobError] disk full, exit code: 1"), "JobError", False, "disk full"),
        (failed_job("AlgorithmError: disk full, exit code: 1"), "JobError", False, "disk full"),
        (failed_job("AlgorithmError: [Nonsense] disk full, exit code: 1"), "JobError", False, "[Nonsense] disk full"),
        (failed_job("AlgorithmError: , exit code: 1"), "JobError", False, "the job ended with exit code 1"),
        (
            failed_job("AlgorithmError: , exit code: 137"),
            "OutOfMemory",
            False,
            "the job was killed because it ran out of memory",
        ),
        (failed_job("AlgorithmError: [JobError] x, exit code: 137"), "OutOfMemory", False, "x"),
        (failed_job("AlgorithmError: [OutOfMemory] MemoryError, exit code: 1"), "OutOfMemory", False, "MemoryError"),
        (
            failed_job("ClientError: Please use an instance type with more memory"),
            "OutOfMemory",
            False,
            "ClientError: Please use an instance type with more memory",
        ),
        (failed_job("ClientError: Nothing known"), "JobError", False, "ClientError: Nothing known"),
        (failed_job("CapacityError: Unable to provision"), "NoCapacity", True, "CapacityError: Unable to provision"),
        (failed_job("InternalServerError: We are sorry"), "PlatformFault", True, "InternalServerError: We are sorry"),
        ({"Error": "SageMaker.ResourceLimitExceededException", "Cause": QUOTA}, "QuotaExceeded", False, QUOTA),
        (
            {"Error": "SageMaker.AmazonSageMakerException", "Cause": "Rate exceeded (Status Code: 400)"},
            "Throttled",
            True,
            "Rate exceeded (Status Code: 400)",
        ),
        (
            {
                "Error": "SageMaker.AmazonSageMakerException",
                "Cause": "User: arn is not authorized to perform: iam:Pass",
            },
            "AccessDenied",
            False,
            "User: arn is not authorized to perform: iam:Pass",
        ),
        ({"Error": "States.Timeout"}, "TimedOut", False, "States.Timeout"),
        ({"Error": "States.Timeout", "Cause": ""}, "TimedOut", False, "States.Timeout"),
        (
            not_completed("MaxRuntimeExceeded"),
            "TimedOut",
            False,
            f"the job {JOB} ended with status Stopped (MaxRuntimeExceeded)",
        ),
        (not_completed("MaxWaitTimeExceeded"), "SpotInterrupted", True, None),
        (not_completed("Interrupted"), "SpotInterrupted", True, None),
        (not_completed("Stopped"), "Stopped", True, f"the job {JOB} ended with status Stopped (Stopped)"),
        (failed_job("", TrainingJobStatus="Stopped", SecondaryStatus="Stopped"), "Stopped", True, None),
        (failed_job("", TrainingJobStatus="Stopped", SecondaryStatus="MaxRuntimeExceeded"), "TimedOut", False, None),
        (failed_function("IncompleteRun", "missing: part-0"), "IncompleteRun", True, "missing: part-0"),
        (failed_function("PublishFailed", "changed by others"), "PublishFailed", True, "changed by others"),
        (failed_function("KeyError", "'execution'"), "Unknown", True, "'execution'"),
        ({"Error": "Nonsense", "Cause": "[1, 2]"}, "Unknown", True, "[1, 2]"),
        ({"Error": "Nonsense"}, "Unknown", True, "Nonsense"),
        ({}, "Unknown", True, "unknown failure"),
    ],
)
def test_every_failure_has_a_kind_and_a_summary(
    error: dict[str, str], kind: str, rerun_helps: bool, summary: str | None
) -> None:
    answer = explained(error)
    assert (answer["kind"], answer["error"], answer["rerun_helps"]) == (kind, kind, rerun_helps)
    assert summary is None or answer["summary"] == summary
    assert answer["cause"].startswith(answer["summary"])
    assert "\n" not in answer["cause"]
    assert answer["subject"].isascii()
    assert len(answer["subject"]) <= 100
    assert ("Rerun: yes." in answer["message"]) is rerun_helps


@pytest.mark.parametrize(
    ("error", "rerun"),
    [
        (failed_job("AlgorithmError: [Internal] KeyError: 'y', exit code: 1"), "no. A rerun fails the same way. Read"),
        (
            failed_job("AlgorithmError: [InputError] no column y, exit code: 2"),
            "after a fix. Fix the problem, then rerun",
        ),
        (failed_job("AlgorithmError: , exit code: 137"), "after a fix. Start a new execution with fewer sample_rows"),
        (not_completed("MaxRuntimeExceeded"), "after a fix. Raise max_runtime_minutes"),
        (failed_job("CapacityError: Unable to provision"), "yes. A rerun helps once AWS has capacity again"),
    ],
)
def test_the_message_has_rerun_and_advice(error: dict[str, str], rerun: str) -> None:
    assert f"Rerun: {rerun}" in explained(error)["message"]


NO_OBJECTS = (
    'ClientError: Data download failed:No S3 objects found under S3 URL "s3://data-bucket/demand/" given in input data '
    "source. Please ensure that the bucket exists in the selected region (eu-central-1), that objects exist under that "
    'S3 prefix, and that the role "arn:aws:iam::123456789012:role/x" has "s3:ListBucket" permissions on bucket.'
)
NO_IMAGE = (
    "ClientError: Cannot pull algorithm container. Either the image does not exist or its permissions are incorrect."
)
BOTO_DENIED = "ClientError: An error occurred (AccessDenied) when calling the PutObject operation: Access Denied"


@pytest.mark.parametrize(
    ("reason", "kind", "rerun_helps"),
    [
        (NO_OBJECTS, "InputError", False),
        ("ClientError: Data download failed:Failed to download data.", "InputError", False),
        ("ClientError: Data download failed:Access denied (Status Code 403)", "AccessDenied", False),
        ("ClientError: Data download failed:Insufficient disk space", "DiskFull", False),
        ("ClientError: Artifact upload failed:Insufficient disk space", "DiskFull", False),
        (NO_IMAGE, "ImageNotPulled", False),
        ("ClientError: API error (404): manifest unknown: Requested image not found", "ImageNotPulled", False),
        ("AlgorithmError: Please use an instance type with more memory, exit code: 1", "OutOfMemory", False),
        (
            "ValidationException: the region lacks ml.x9.large",
            "InvalidRequest",
            False,
        ),
        ("AlgorithmError: /opt/program: Permission denied, exit code: 126", "JobError", False),
    ],
)
def test_aws_messages_are_classified_by_pattern(reason: str, kind: str, rerun_helps: bool) -> None:
    answer = explained(failed_job(reason))
    assert (answer["kind"], answer["rerun_helps"]) == (kind, rerun_helps)
    assert answer["kind"] != "DiskFull" or "training_job.volume_gb" in answer["cause"]
    assert answer["kind"] != "ImageNotPulled" or "Deploy again" in answer["cause"]


@pytest.mark.parametrize(
    ("code", "kind", "rerun", "advice"),
    [
        ("InputError", "InputError", "after a fix", ""),
        ("OutOfDisk", "DiskFull", "after a fix", "training_job.volume_gb"),
        ("OutOfMemory", "OutOfMemory", "after a fix", "instance_types"),
        ("ModelUnusable", "JobError", "no", ""),
        ("HandoverUnusable", "JobError", "no", ""),
        ("ChunksFailed", "ChunksFailed", "after a fix", "forecasts only these"),
        ("JobError", "JobError", "no", "log"),
        ("Unreachable", "ConnectionFailed", "yes", "reach the service"),
        ("AccessDenied", "AccessDenied", "after a fix", "role"),
        ("Throttled", "Throttled", "yes", "Wait"),
        ("PlatformFault", "PlatformFault", "yes", ""),
        ("AwsError", "JobError", "no", "log"),
        ("Stopped", "Stopped", "yes", ""),
        ("Internal", "JobError", "no", "log"),
    ],
)
def test_the_containers_code_decides_the_kind(code: str, kind: str, rerun: str, advice: str) -> None:
    answer = explained(failed_job(f"AlgorithmError: [{code}] said, exit code: 1"))
    assert (answer["kind"], answer["summary"]) == (kind, "said")
    assert f"Rerun: {rerun}. " in answer["message"]
    assert advice in answer["cause"]


@pytest.mark.parametrize(
    "text",
    [
        "ValueError: the column more memory is missing",
        "ValueError: MemoryError is no number",
        "KeyError: 'Out of memory'",
        "KeyError: 'CapacityError'",
        "KeyError: 'AccessDenied'",
        "KeyError: 'SlowDown'",
        "ClientError: An error occurred (NoSuchBucket) when calling the PutObject operation: AccessDenied",
    ],
)
def test_aws_words_in_the_jobs_error_do_not_change_the_kind(text: str) -> None:
    answer = explained(failed_job(f"AlgorithmError: [Internal] {text}, exit code: 1"))
    assert (answer["kind"], answer["summary"]) == ("JobError", text)


@pytest.mark.parametrize(
    "words", ["column CapacityError is missing", "MemoryError", "No space left on device", "more memory", BOTO_DENIED]
)
@pytest.mark.parametrize("code", [2, 137])
def test_aws_words_in_an_input_error_do_not_change_the_kind(words: str, code: int) -> None:
    answer = explained(failed_job(f"AlgorithmError: [InputError] demand: {words}, exit code: {code}"))
    assert (answer["kind"], answer["summary"]) == ("InputError", f"demand: {words}")


def test_a_failed_download_names_the_prefixes() -> None:
    channels = [
        {"DataSource": {"S3DataSource": {"S3Uri": f"s3://data-bucket/{name}/"}}} for name in ("demand", "static")
    ]
    error = failed_job("ClientError: Data download failed:Failed to download data.")
    answer = explained(error, plan={**PLAN, "channels": channels})
    assert answer["summary"].endswith("download data (s3://data-bucket/demand/, s3://data-bucket/static/)")
    assert "once the files exist" in answer["cause"]


def test_the_image_that_was_not_pulled_is_named() -> None:
    image = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/onejob:1"
    answer = explained(failed_job(NO_IMAGE, AlgorithmSpecification={"TrainingImage": image}))
    assert answer["summary"].endswith(f"permissions are incorrect ({image})")


def test_an_api_error_before_the_job_is_classified() -> None:
    missing = {"Error": "SageMaker.AmazonSageMakerException", "Cause": NO_OBJECTS.partition(":")[2]}
    assert explained(missing)["kind"] == "InputError"
    unknown = {"Error": "SageMaker.AmazonSageMakerException", "Cause": "Cannot find the requested image: x/onejob:1."}
    assert explained(unknown)["kind"] == "ImageNotPulled"


@pytest.mark.parametrize(
    "reason", [NO_OBJECTS, NO_IMAGE, "CapacityError: Unable to provision", "ClientError: Nothing known"]
)
def test_without_a_container_there_is_no_link_to_its_log(reason: str) -> None:
    message = explained(failed_job(reason))["message"]
    assert "log" not in message.lower().partition("execution:")[0]
    assert "Job log" not in message


@pytest.mark.parametrize(
    "plan", [None, [], {"channels": None}, {"channels": "x"}, {"channels": [None, {"DataSource": 1}]}]
)
def test_invalid_state_data_is_ignored(plan: object) -> None:
    error = failed_job("ClientError: Data download failed", AlgorithmSpecification="x")
    assert explained(error, plan=plan)["summary"] == "ClientError: Data download failed"


def test_the_failure_files_text_is_unchanged() -> None:
    text = "demand: 2 rows (q > 0, 50 %) are bad, e.g. (Ä17, M2); keep one row, exit code: 7 is no part of it"
    answer = explained(failed_job(f"AlgorithmError: [InputError] {text}, exit code: 2"))
    assert answer["summary"] == text


def test_a_multiline_failure_text_becomes_one_line() -> None:
    answer = explained(failed_job("AlgorithmError: [JobError] a\n  b\x00\tc\r\n, exit code: 1"))
    assert answer["summary"] == "a b c"


def test_a_long_text_is_shortened() -> None:
    answer = explained(failed_job(f"AlgorithmError: [JobError] {'long ' * 10_000}, exit code: 1"))
    assert len(answer["summary"]) <= 1024
    assert len(answer["message"]) < 2048


@pytest.mark.parametrize(
    ("error", "kind", "summary"),
    [
        (
            failed_fleet(message="[ChunksFailed] 2 of 9 chunks could not be forecast"),
            "ChunksFailed",
            "2 of 9 chunks could",
        ),
        # A process was killed for this chunk: a larger instance helps, other demand does not.
        (
            failed_fleet(
                message="[OutOfMemory] 1 of 9 chunks could not be forecast: chunk-00004 (7 series): the system killed "
                "a worker process, usually because memory ran out; use an instance type with more memory"
            ),
            "OutOfMemory",
            "1 of 9 chunks could",
        ),
        (failed_fleet("AlgorithmError: See job logs for more information", "[JobError] x"), "JobError", "x"),
        (failed_fleet("AlgorithmError: See job logs for more information"), "JobError", "See job logs"),
        (failed_fleet(), "JobError", "the job ended with exit code 1"),
        (failed_fleet("AlgorithmError: , exit code: 137", "[JobError] x"), "OutOfMemory", "x"),
        (
            failed_fleet("AlgorithmError: , exit code: 137"),
            "OutOfMemory",
            "the job was killed because it ran out of memory",
        ),
        (failed_fleet(message="[OutOfDisk] the disk is full; raise volume_gb"), "DiskFull", "the disk is full"),
        (failed_fleet(message="[OutOfDisk] here[OutOfMemory] there"), "DiskFull", "here[OutOfMemory] there"),
        (failed_fleet(message="[Throttled] ClientError: SlowDown"), "Throttled", "ClientError: SlowDown"),
        (failed_fleet(message="[JobError] a\n  b"), "JobError", "a b"),
        (failed_fleet(message="the disk is full"), "JobError", "the disk is full"),
        (failed_fleet("CapacityError: Unable to provision", "said before"), "NoCapacity", "CapacityError: Unable"),
        (failed_fleet("InternalServerError: We are sorry"), "PlatformFault", "InternalServerError: We are sorry"),
        (stopped_fleet(), "Stopped", f"the job {FLEET_JOB} ended with status Stopped"),
        (
            stopped_fleet(ExitMessage="[Stopped] stopped by SIGTERM"),
            "Stopped",
            f"the job {FLEET_JOB} ended with status Stopped (stopped by SIGTERM)",
        ),
        (
            stopped_fleet(
                ProcessingStartTime=1_000_000,
                ProcessingEndTime=1_000_000 + 3_600_000,
                StoppingCondition={"MaxRuntimeInSeconds": 3600},
            ),
            "TimedOut",
            f"the job {FLEET_JOB} ended with status Stopped (MaxRuntimeExceeded)",
        ),
        (
            stopped_fleet(
                ProcessingStartTime=1_000_000,
                ProcessingEndTime=1_000_000 + 3_599_000,
                StoppingCondition={"MaxRuntimeInSeconds": 3600},
            ),
            "Stopped",
            f"the job {FLEET_JOB} ended with status Stopped",
        ),
        ({"Error": "States.Timeout", "Cause": ""}, "TimedOut", "States.Timeout"),
        ({"Error": "SageMaker.ResourceLimitExceededException", "Cause": QUOTA}, "QuotaExceeded", QUOTA),
    ],
)
def test_every_failure_of_a_fleet_has_a_kind_and_a_summary(error: dict[str, str], kind: str, summary: str) -> None:
    answer = explained(error, **BY_FLEET)
    assert answer["kind"] == kind
    assert answer["summary"].startswith(summary)
    assert "None" not in answer["message"]
    assert kind != "DiskFull" or "fleet.volume_gb" in answer["cause"]


def test_a_fleet_whose_container_failed_links_to_its_own_log() -> None:
    message = explained(failed_fleet(message="[JobError] x"), **BY_FLEET)["message"]
    assert f"log-group/$252Faws$252Fsagemaker$252FProcessingJobs$3FlogStreamNameFilter$3D{FLEET_JOB}" in message
    stopped = explained(stopped_fleet(), fleet_job={"name": FLEET_JOB, "status": "Stopped"}, **BY_FLEET)["message"]
    assert f"ProcessingJobs$3FlogStreamNameFilter$3D{FLEET_JOB}" in stopped


def test_without_a_fleet_job_there_is_no_link_to_the_training_jobs_log() -> None:
    refused = {"Error": "SageMaker.ResourceLimitExceededException", "Cause": QUOTA}
    assert "Job log" not in explained(refused, **BY_FLEET)["message"]


def test_a_functions_timeout_is_not_a_timeout_of_the_fleet() -> None:
    timed_out = {"Error": "States.Timeout", "Cause": ""}
    planning = {name: value for name, value in BY_FLEET.items() if name != "fleet"}
    done = {**BY_FLEET, "fleet_job": {"name": FLEET_JOB, "status": "Completed"}}
    assert [explained(timed_out, **state)["rerun_helps"] for state in (planning, BY_FLEET, done)] == [True, False, True]


def test_a_resumed_fleet_times_out_without_a_preflight() -> None:
    timed_out = {"Error": "States.Timeout", "Cause": ""}
    planning = {name: value for name, value in BY_FLEET.items() if name != "fleet"}
    taken_over = {"execution": EXECUTION, "plan": PLAN, "error": timed_out}
    answers = [explain({**taken_over, **state}, deployment="onejob-dev") for state in (planning, BY_FLEET)]
    assert [answer["rerun_helps"] for answer in answers] == [True, False]


def test_a_fleets_missing_input_or_image_is_named() -> None:
    answer = explained(failed_fleet("ClientError: Data download failed:Failed to download data."), **BY_FLEET)
    assert answer["summary"].endswith(f"({', '.join(FLEET.values())})")
    image = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/onejob:1"
    answer = explained(failed_fleet(NO_IMAGE, AppSpecification={"ImageUri": image}), **BY_FLEET)
    assert answer["summary"].endswith(f"permissions are incorrect ({image})")


def test_an_unknown_failure_after_the_check_is_a_publishing_failure() -> None:
    answer = explained(failed_function("ClientError", "Connection reset"), job={"name": JOB}, run={"run_id": JOB})
    assert answer["kind"] == "PublishFailed"


def test_a_functions_timeout_is_not_a_timeout_of_the_job() -> None:
    answer = explained({"Error": "States.Timeout", "Cause": ""}, job={"name": JOB, "status": "Completed"})
    assert (answer["kind"], answer["rerun_helps"]) == ("TimedOut", True)


def test_the_message_links_to_the_execution_and_to_the_jobs_log() -> None:
    message = explained(failed_job("AlgorithmError: [JobError] x, exit code: 1"))["message"]
    console = "https://eu-central-1.console.aws.amazon.com"
    assert f"{console}/states/home?region=eu-central-1#/v2/executions/details/{EXECUTION['id']}" in message
    assert f"log-group/$252Faws$252Fsagemaker$252FTrainingJobs$3FlogStreamNameFilter$3D{JOB}" in message


def test_the_message_of_a_rejected_run_links_to_its_report() -> None:
    cause = "the bias is 40 % (limit: 25 %). Report: s3://bucket/reports/run_id=x/report.html. To publish it"
    message = explained(failed_function("QualityGateFailed", cause))["message"]
    assert "/s3/object/bucket?region=eu-central-1&prefix=reports/run_id%3Dx/report.html\n" in f"{message}\n"


def test_without_a_job_there_is_no_link_to_its_log() -> None:
    assert "Job log" not in explained(failed_function("InputError", "no demand"))["message"]


@pytest.mark.parametrize("state", [{}, {"error": None}, {"error": {"Error": None, "Cause": None}}, {"execution": None}])
def test_explain_never_fails(state: dict[str, Any]) -> None:
    assert explain(state, deployment="onejob-dev")["kind"] == "Unknown"


def test_the_message_begins_with_the_failure_type() -> None:
    message = explained(failed_job("AlgorithmError: [OutOfDisk] full, exit code: 1"))["message"]
    assert message.startswith("onejob-dev: disk full (DiskFull)\n\nfull.\n\nRerun: after a fix. Raise")


def test_the_handler_reads_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPLOYMENT", "onejob-prod")
    assert handle({"error": {"Error": "x"}}, CONTEXT)["subject"] == "onejob-prod: run failed: unknown failure"
