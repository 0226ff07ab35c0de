"""The whole acceptance in the local cloud: each step reports a fault, and passes once the fault is removed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from cli.acceptance import environment_file, run_acceptance
from cli.acceptance.environment_file import write_environment
from cli.acceptance.steps.all_steps import DESTROY, STEPS
from cli.acceptance.steps.messages import KINDS
from cli.acceptance.steps.step import Step
from cli.acceptance.trial import Trial
from contract.s3.keys import RunKeys
from local_cloud import ApiFault, LocalCloud
from tests.synthesis import ROOT
from tests.trials import new_trial

pytestmark = pytest.mark.nightly

QUOTAS = ("ml.m5.large for spot training job usage", "ml.m5.large for training job usage")
LEFT_BEHIND = "onejob-acceptance-forgotten"
REFUSED = "the test refuses it"
# Limit of the whole acceptance with all faults, on the two cores of CI.
MAX_SECONDS = 900


@contextmanager
def quotas_of_zero(cloud: LocalCloud, _: Trial) -> Iterator[None]:
    for quota in QUOTAS:
        cloud.set_quota(quota, 0)
    yield
    for quota in QUOTAS:
        cloud.set_quota(quota, 20)


@contextmanager
def refused_topic(cloud: LocalCloud, _: Trial) -> Iterator[None]:
    cloud.fail_resource("AWS::SNS::Topic", REFUSED)
    yield


@contextmanager
def refused_state_machine(cloud: LocalCloud, _: Trial) -> Iterator[None]:
    cloud.fail_resource("AWS::StepFunctions::StateMachine", REFUSED)
    yield


@contextmanager
def other_queue(cloud: LocalCloud, _: Trial) -> Iterator[None]:
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName="onejob-acceptance-messages-received", Attributes={"DelaySeconds": "5"})
    yield
    sqs.delete_queue(QueueUrl=url["QueueUrl"])


@contextmanager
def refused_uploads(cloud: LocalCloud, trial: Trial) -> Iterator[None]:
    s3, bucket = cloud.client("s3"), trial.outputs["DemandUri"].removeprefix("s3://").partition("/")[0]
    given = s3.get_bucket_policy(Bucket=bucket)["Policy"]
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]}))
    yield
    s3.put_bucket_policy(Bucket=bucket, Policy=given)


@contextmanager
def no_capacity(cloud: LocalCloud, _: Trial) -> Iterator[None]:
    for _attempt in range(2):  # on spot, and then on demand
        cloud.fail_next_job(reason="capacity")
    yield


@contextmanager
def refused_stop(cloud: LocalCloud, _: Trial) -> Iterator[None]:
    cloud.fail_calls(ApiFault(service="sagemaker", action="StopTrainingJob", kind="error", count=20))
    yield


@contextmanager
def missing_partition(cloud: LocalCloud, trial: Trial) -> Iterator[None]:
    glue = cloud.client("glue")
    place: Any = {"DatabaseName": trial.outputs["ForecastDatabase"], "TableName": "forecasts"}
    (given,) = glue.get_partitions(**place)["Partitions"]
    glue.delete_partition(**place, PartitionValues=given["Values"])
    yield
    content: Any = {name: given[name] for name in ("Values", "StorageDescriptor")}
    glue.create_partition(**place, PartitionInput=content)


@contextmanager
def repeated_demand(cloud: LocalCloud, trial: Trial) -> Iterator[None]:
    s3 = cloud.client("s3")
    bucket, _, prefix = trial.outputs["DemandUri"].removeprefix("s3://").partition("/")
    content = s3.get_object(Bucket=bucket, Key=f"{prefix}history.parquet")["Body"].read()
    s3.upload_fileobj(BytesIO(content), bucket, f"{prefix}copy.parquet")
    yield
    s3.delete_object(Bucket=bucket, Key=f"{prefix}copy.parquet")


def missing_manifest(fact: str) -> "Fault":
    @contextmanager
    def missing(cloud: LocalCloud, trial: Trial) -> Iterator[None]:
        s3, bucket = cloud.client("s3"), trial.outputs["ForecastBucket"]
        key = RunKeys(partition="all", run_id=trial.record.facts[fact]).manifest
        content = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        s3.delete_object(Bucket=bucket, Key=key)
        yield
        s3.upload_fileobj(BytesIO(content), bucket, key)

    return missing


@contextmanager
def lost_messages(cloud: LocalCloud, _: Trial) -> Iterator[None]:
    sqs = cloud.client("sqs")
    url = sqs.get_queue_url(QueueName="onejob-acceptance-messages-received")["QueueUrl"]
    kept: list[str] = []
    while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
        for message in found:
            kept.append(message["Body"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert len(kept) >= len(KINDS)
    yield
    for body in kept:
        sqs.send_message(QueueUrl=url, MessageBody=body)


@contextmanager
def changed_settings(_: LocalCloud, __: Trial) -> Iterator[None]:
    given = environment_file.FILE.read_text()
    environment_file.FILE.write_text(given.replace("log_days = 30", "log_days = 60"))
    yield
    environment_file.FILE.write_text(given)


@contextmanager
def forgotten_log_group(cloud: LocalCloud, _: Trial) -> Iterator[None]:
    cloud.client("logs").create_log_group(logGroupName=LEFT_BEHIND)
    yield
    cloud.client("logs").delete_log_group(logGroupName=LEFT_BEHIND)


Fault = Callable[[LocalCloud, Trial], Any]
# The fault of each step, and a part of what the step must report.
FAULTS: dict[str, tuple[Fault, str]] = {
    "preflight": (quotas_of_zero, QUOTAS[0]),
    "deploy": (refused_topic, REFUSED),
    "listen": (other_queue, "onejob-acceptance-messages-received"),
    "upload": (refused_uploads, "AccessDenied"),
    "run": (no_capacity, "NoCapacity"),
    "query": (missing_partition, "Athena: 0 rows"),
    "rerun": (repeated_demand, "InputError"),
    "force": (missing_manifest("first_run"), "are gone"),
    "infer": (no_capacity, "NoCapacity"),
    "hold": (no_capacity, "NoCapacity"),
    "publish": (missing_manifest("held_run"), "IncompleteRun"),
    "fleet": (no_capacity, "NoCapacity"),
    "schedule": (no_capacity, "NoCapacity"),
    "redrive": (no_capacity, "NoCapacity"),
    "abort": (refused_stop, "is Completed"),
    "roll-back": (missing_manifest("first_run"), "IncompleteRun"),
    "messages": (lost_messages, "0 messages, but none of: published"),
    "add-partitions": (refused_state_machine, REFUSED),
    "partitions": (no_capacity, "PartitionsFailed"),
    "deploy-again": (changed_settings, "onejob diff"),
    "destroy": (forgotten_log_group, f"left behind: log group {LEFT_BEHIND}"),
}


def with_fault(step: Step, cloud: LocalCloud, reported: dict[str, str]) -> Step:
    """Let a step meet its fault first, and record what it reports."""
    if step.name not in FAULTS:
        return step
    fault, _ = FAULTS[step.name]

    def perform(trial: Trial) -> str:
        with fault(cloud, trial):
            try:
                reported[step.name] = f"passed: {step.perform(trial)}"
            except Exception as error:  # the step reports any error
                reported[step.name] = str(error)
        cloud.forget_faults()
        return step.perform(trial)

    return replace(step, perform=perform)


def test_every_step_reports_its_fault_and_passes_without_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert {*FAULTS, "alarms"} == {step.name for step in (*STEPS, DESTROY)}
    reported: dict[str, str] = {}
    begun = time.monotonic()
    with LocalCloud(tmp_path / "cloud", time_scale=0.01) as cloud:
        monkeypatch.setattr(run_acceptance, "STEPS", tuple(with_fault(step, cloud, reported) for step in STEPS))
        monkeypatch.setattr(run_acceptance, "DESTROY", with_fault(DESTROY, cloud, reported))
        settings = write_environment("dev", account=cloud.account, partitions=False, budget=True)
        trial = new_trial(cloud, settings, tmp_path, environment="dev")
        passed = run_acceptance.run_acceptance(trial, keep=False)
    assert passed, json.dumps({name: outcome.seen for name, outcome in trial.record.outcomes.items()}, indent=1)
    unseen = {name: reported[name] for name, (_, part) in FAULTS.items() if part not in reported[name]}
    assert unseen == {}
    assert not environment_file.FILE.exists()
    assert time.monotonic() - begun < MAX_SECONDS


def test_ctrl_c_removes_the_environment(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "cli.main", "acceptance", "--local", "--output", str(tmp_path)],
        cwd=ROOT,
        env={"PATH": str(Path(sys.executable).parent), "HOME": str(tmp_path), "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    shown = ""
    for line in process.stdout:
        shown += line
        if "TrainAndInfer" in line:  # the job starts
            break
    time.sleep(2)
    os.killpg(process.pid, signal.SIGINT)
    rest, _ = process.communicate(timeout=300)
    assert process.returncode == 130, shown + rest
    assert "nothing named onejob-acceptance is left" in rest
    report = (tmp_path / "acceptance" / "dev-local" / "report.md").read_text()
    assert "- Everything removed: yes" in report
    assert not environment_file.FILE.exists()
