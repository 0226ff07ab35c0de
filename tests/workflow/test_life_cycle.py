"""The life cycle of an environment, with the real CDK CLI: bootstrap, two deployments, a run and a teardown."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from local_cloud import LocalCloud
from tests.synthesis import ROOT
from tests.workflow.conftest import FEW_TREES, Deployment, deploy
from tests.workflow.test_failures import MANY_TREES, running_job

NAME = "onejob-dev"


def cdk(cloud: LocalCloud, *arguments: str) -> str:
    """Run the CDK CLI and return its output."""
    done = cloud.cdk(*arguments, cwd=ROOT, cdk_program=ROOT / "node_modules/.bin/cdk", capture=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def onejob(
    cloud: LocalCloud, *arguments: str, typed: str | None = None, **variables: str
) -> "subprocess.CompletedProcess[str]":
    """Run a command, with a terminal if `typed` is set."""
    keyboard, terminal = os.openpty()
    try:
        os.write(keyboard, f"{typed}\n".encode())
        return subprocess.run(
            [sys.executable, "-m", "cli.main", *arguments],
            cwd=ROOT,
            env={**cloud.child_environment(), **variables},
            stdin=subprocess.DEVNULL if typed is None else terminal,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    finally:
        os.close(keyboard)
        os.close(terminal)


@pytest.fixture(scope="module")
def assembly(assemblies: dict[str, Path]) -> Path:
    return assemblies["dev"]


@pytest.fixture(scope="module")
def cloud() -> Iterator[LocalCloud]:
    with LocalCloud(time_scale=0.002) as started:
        yield started


def left(cloud: LocalCloud) -> dict[str, list[str]]:
    """Return the resources with the deployment's name, by type."""
    client = cloud.client
    resources: dict[str, list[str]] = {
        "stacks": [stack["StackName"] for stack in client("cloudformation").describe_stacks()["Stacks"]],
        "buckets": [bucket["Name"] for bucket in client("s3").list_buckets()["Buckets"]],
        "tables": client("dynamodb").list_tables()["TableNames"],
        "functions": [function["FunctionName"] for function in client("lambda").list_functions()["Functions"]],
        "roles": [role["RoleName"] for role in client("iam").list_roles()["Roles"]],
        "log groups": [group["logGroupName"] for group in client("logs").describe_log_groups()["logGroups"]],
        "rules": [rule["Name"] for rule in client("events").list_rules()["Rules"]],
        "schedules": [schedule["Name"] for schedule in client("scheduler").list_schedules()["Schedules"]],
        "state machines": [m["name"] for m in client("stepfunctions").list_state_machines()["stateMachines"]],
        "databases": [database["Name"] for database in client("glue").get_databases()["DatabaseList"]],
        "queues": client("sqs").list_queues().get("QueueUrls", []),
        "dashboards": [entry["DashboardName"] for entry in client("cloudwatch").list_dashboards()["DashboardEntries"]],
        "topics": [topic["TopicArn"] for topic in client("sns").list_topics()["Topics"]],
        "keys": [
            client("kms").describe_key(KeyId=key["KeyId"])["KeyMetadata"]["Description"]
            for key in client("kms").list_keys()["Keys"]
        ],
        "aliases": [alias["AliasName"] for alias in client("kms").list_aliases()["Aliases"]],
        "job logs": [
            stream["logStreamName"]
            for group in client("logs").describe_log_groups(logGroupNamePrefix="/aws/sagemaker")["logGroups"]
            for stream in client("logs").describe_log_streams(logGroupName=group["logGroupName"])["logStreams"]
        ],
    }
    own = {type_: [name for name in names if NAME in name.replace("_", "-")] for type_, names in resources.items()}
    return {type_: names for type_, names in own.items() if names}


def test_a_second_deploy_changes_nothing_and_destroy_removes_everything(
    cloud: LocalCloud, assembly: Path, demand: pl.DataFrame, tmp_path: Path
) -> None:
    outputs_file = tmp_path / "outputs.json"
    # The CDK CLI uses the assembly instead of synthesizing again.
    done = onejob(cloud, "bootstrap", CDK_APP=str(assembly))
    assert done.returncode == 0, done.stderr
    (repository,) = cloud.client("ecr").describe_repositories()["repositories"]
    assert repository["imageScanningConfiguration"] == {"scanOnPush": True}
    assert repository["imageTagMutability"] == "IMMUTABLE"
    deploy = ("deploy", "--all", "--app", str(assembly), "--require-approval", "never")
    cdk(cloud, *deploy, "--outputs-file", str(outputs_file))
    differences = cdk(cloud, "diff", "--app", str(assembly))
    assert differences.count("There were no differences") == 2
    assert cdk(cloud, *deploy).count("(no changes)") == 2

    outputs = {key: value for stack in json.loads(outputs_file.read_text()).values() for key, value in stack.items()}
    application = Deployment(cloud, outputs, tmp_path)
    application.upload_rows(demand)
    application.upload_rows(demand.with_columns(pl.col("y") + 1))  # an old version, which `aws s3 rm` would leave
    published = application.run({"config": FEW_TREES})
    assert published.status == "SUCCEEDED", published.cause
    application.start({"cutoff": "2026-08-31", "config": MANY_TREES})
    running_job(application)
    assert left(cloud).keys() >= {"buckets", "tables", "functions", "databases", "job logs"}

    for typed, message in (
        ("prod", "onejob deleted nothing: the typed name does not match\n"),
        (None, "onejob deleted nothing: without a terminal, it needs the option --yes\n"),
    ):
        refused = onejob(cloud, "destroy", "--environment", "dev", typed=typed)
        assert refused.returncode == 1
        assert refused.stderr.startswith(message)
    done = onejob(cloud, "destroy", "--environment", "dev", typed="dev")
    assert done.returncode == 0, done.stdout + done.stderr
    shown, _, did = done.stdout.partition("Type dev to continue: ")
    assert shown.splitlines()[1:3] == [
        f"  stack {NAME}-forecast and all its resources",
        f"  stack {NAME}-data and all its resources",
    ]
    assert [line.partition("-")[0] for line in did.splitlines() if line.startswith("emptied ")] == [
        "emptied onejob"
    ] * 3
    assert "executions stopped: 1\n" in did
    assert did.endswith(f"deleted {NAME}-data\n")
    assert left(cloud) == {}
    again = onejob(cloud, "destroy", "--environment", "dev", "--yes")
    assert again.returncode == 0
    assert again.stdout == f"{NAME} is not deployed in account {cloud.account}, {cloud.region}.\n"


def test_destroy_stops_the_execution_of_all_partitions_before_its_children(
    demand: pl.DataFrame, assemblies: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Otherwise the parent reports the stopped children as failures and starts the next ones."""
    with deploy(tmp_path_factory.mktemp("partitions"), assemblies["sequential partitions"]) as application:
        cloud = application.cloud
        sqs, queue = cloud.client("sqs"), application.queue_of_messages()
        buffer = io.BytesIO()
        demand.write_parquet(buffer)
        for partition in ("AT", "DE", "FR"):
            application.upload(f"partition={partition}/demand.parquet", buffer.getvalue())
        # Log streams as the instances of a fleet create them.
        logs, group = cloud.client("logs"), "/aws/sagemaker/ProcessingJobs"
        logs.create_log_group(logGroupName=group)
        logs.create_log_stream(logGroupName=group, logStreamName=f"{NAME}-1/algo-1-1")
        parent = application.start({"config": MANY_TREES}, state_machine="PartitionsStateMachineArn")
        running_job(application)
        done = onejob(cloud, "destroy", "--environment", "dev", "--yes")
        assert done.returncode == 0, done.stdout + done.stderr
        stopped = [line for line in done.stdout.splitlines() if line.startswith("executions stopped: ")]
        assert stopped[0] == "executions stopped: 1"
        assert "log streams of jobs deleted: 2\n" in done.stdout
        remaining = left(cloud)
        assert not remaining.keys() & {"schedules", "state machines", "job logs"}
        messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=2).get("Messages", [])
        texts = [json.loads(message["Body"])["Message"] for message in messages]
        assert len(texts) == 1, texts
        assert "an execution ended with status ABORTED" in texts[0]
        assert parent in texts[0]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (
            ["--environment", "prod", "--yes"],
            "environments/prod.toml: removal_policy is retain, so onejob deletes nothing",
        ),
        (
            ["--environment", "staging", "--yes"],
            "credentials: they belong to account 123456789012, but staging is in account 111122223333; sign in to",
        ),
        (["--environment", "prd"], "environment 'prd' is unknown"),
    ],
)
def test_destroy_rejects_other_environments(cloud: LocalCloud, arguments: list[str], error: str) -> None:
    done = onejob(cloud, "destroy", *arguments)
    assert done.returncode == 1
    assert done.stderr.startswith(error)
    assert done.stdout == ""
