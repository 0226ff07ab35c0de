import fcntl
import json
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from textwrap import dedent
from typing import Any

import polars as pl
import pytest

from infra.settings.loader import load_settings
from lambdas.shared.registry_record import UNRESOLVED_CUTOFF, Run
from lambdas.shared.registry_table import RunTable
from local_cloud import LocalCloud, StateEvent, follow_execution, wait_for_execution
from tests.synthesis import ROOT, synthesize_together

LAST_WEEK = date(2026, 11, 16)
FEW_TREES = {"n_estimators": 10, "horizon": 4}


@dataclass(frozen=True)
class Ended:
    """An execution that has ended."""

    status: str
    error: str
    cause: str
    output: dict[str, Any]
    states: list[str]
    jobs: list[str]
    requests_on_spot: list[bool]
    outputs: Mapping[str, dict[str, Any]]


def error_message(cause: str) -> str:
    """Return the error message of a failed function, or any other cause unchanged."""
    try:
        return str(json.loads(cause)["errorMessage"])
    except (ValueError, KeyError, TypeError):
        return cause


@dataclass(frozen=True)
class Deployment:
    """The deployed application."""

    cloud: LocalCloud
    outputs: Mapping[str, str]
    folder: Path

    def upload(self, name: str, content: bytes) -> None:
        bucket, _, prefix = self.outputs["DemandUri"].removeprefix("s3://").partition("/")
        self.cloud.client("s3").put_object(Bucket=bucket, Key=prefix + name, Body=content)

    def upload_rows(self, rows: pl.DataFrame) -> None:
        path = self.folder / "rows.parquet"
        rows.write_parquet(path)
        self.upload("demand.parquet", path.read_bytes())

    def empty(self) -> None:
        """Remove the demand, the forecasts and the runs in the registry."""
        s3 = self.cloud.client("s3")
        bucket = self.outputs["DemandUri"].removeprefix("s3://").partition("/")[0]
        for name in (bucket, self.outputs["ForecastBucket"]):
            for found in s3.list_objects_v2(Bucket=name).get("Contents", []):
                s3.delete_object(Bucket=name, Key=found["Key"])
        dynamodb, table = self.cloud.client("dynamodb"), self.outputs["RunsTable"]
        for item in dynamodb.scan(TableName=table)["Items"]:
            key = {name: item[name] for name in ("partition", "cutoff")}
            dynamodb.delete_item(TableName=table, Key=key)

    def start(self, execution_input: Mapping[str, Any], *, state_machine: str = "StateMachineArn") -> str:
        started = self.cloud.client("stepfunctions").start_execution(
            stateMachineArn=self.outputs[state_machine], input=json.dumps(execution_input)
        )
        return str(started["executionArn"])

    def ended(self, execution: str) -> Ended:
        description = wait_for_execution(self.cloud.client, execution)
        events = [event for event in follow_execution(self.cloud.client, execution) if isinstance(event, StateEvent)]
        states = [event.state for event in events if event.change == "entered"]
        history = self.cloud.client("stepfunctions").get_execution_history(executionArn=execution, maxResults=1000)
        exited = [event["stateExitedEventDetails"] for event in history["events"] if "stateExitedEventDetails" in event]
        scheduled = [event.get("taskScheduledEventDetails", {}) for event in history["events"]]
        requests = [json.loads(task["parameters"]) for task in scheduled if "parameters" in task]
        return Ended(
            status=description["status"],
            error=description.get("error", ""),
            cause=error_message(description.get("cause", "")),
            output=json.loads(description.get("output", "{}")),
            states=states,
            jobs=[request["TrainingJobName"] for request in requests if "TrainingJobName" in request],
            requests_on_spot=[
                request["EnableManagedSpotTraining"] for request in requests if "TrainingJobName" in request
            ],
            outputs={state["name"]: json.loads(state["output"]) for state in exited},
        )

    def run(self, execution_input: Mapping[str, Any]) -> Ended:
        return self.ended(self.start(execution_input))

    def runs(self, partition: str = "all") -> list[Run]:
        """Return the runs in the registry, latest cutoff first."""
        table = RunTable(self.cloud.client("dynamodb"), self.outputs["RunsTable"])
        return [run for run in (table.get(partition, UNRESOLVED_CUTOFF), *table.recent(partition, 100)) if run.attempts]

    def published(self) -> dict[str, Any] | None:
        s3 = self.cloud.client("s3")
        key = "forecasts/partition=all/_published.json"
        try:
            return dict(json.load(s3.get_object(Bucket=self.outputs["ForecastBucket"], Key=key)["Body"]))
        except s3.exceptions.NoSuchKey:
            return None

    def queue_of_messages(self) -> str:
        """Return the URL of a new queue that gets every further message of the topic."""
        sqs, topic = self.cloud.client("sqs"), self.outputs["OutcomesTopicArn"]
        queue = sqs.create_queue(QueueName=f"messages-{uuid.uuid4().hex}")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sender = {"Principal": {"Service": "sns.amazonaws.com"}, "Condition": {"ArnEquals": {"aws:SourceArn": topic}}}
        statement = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn, **sender}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
        self.cloud.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        return queue

    def forecast_keys(self) -> list[str]:
        found = self.cloud.client("s3").list_objects_v2(Bucket=self.outputs["ForecastBucket"], Prefix="forecasts/")
        return [item["Key"] for item in found.get("Contents", [])]


# Deployments of the tests: the environment, and additions to its file.
VARIANTS = {
    "dev": ("dev", ""),
    "fleet": (
        "dev",
        """
        [fleet]
        enabled = false
        instance_types = ["ml.m5.large"]
        instances = 2
        volume_gb = 30
        max_runtime_minutes = 60
        """,
    ),
    "partitions": ("dev", "[partitions]\ndiscover = true\nmax_concurrency = 2"),
    "sequential partitions": ("dev", "[partitions]\ndiscover = true\nmax_concurrency = 1"),
    "prod": ("prod", ""),
}


@pytest.fixture(scope="session")
def assemblies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the assemblies. The first test process that needs one synthesizes all of them."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folders = {name: shared / "assemblies" / name for name in VARIANTS}
    with (shared / "assemblies.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "assemblies").exists():
            (shared / "assemblies").mkdir()
            runs = {folders[name]: (environment, _app(shared, name)) for name, (environment, _) in VARIANTS.items()}
            for assembly in synthesize_together(runs):
                assert assembly.returncode == 0, assembly.stderr
    return folders


def _app(shared: Path, name: str) -> Path:
    """Return the path of the app, with a copy of the environment if the variant adds settings."""
    environment, added = VARIANTS[name]
    if not added:
        return ROOT / "app.py"
    folder = shared / "apps" / name
    (folder / "environments").mkdir(parents=True)
    text = (ROOT / "environments" / f"{environment}.toml").read_text()
    (folder / "environments" / f"{environment}.toml").write_text(f"{text}\n{dedent(added)}\n")
    return Path(shutil.copy(ROOT / "app.py", folder / "app.py"))


@contextmanager
def deploy(folder: Path, assembly: Path, **settings: Any) -> Iterator[Deployment]:
    """Deploy an assembly into a new local cloud."""
    with LocalCloud(folder / "cloud", time_scale=0.002, **settings) as cloud:
        stacks = cloud.deploy(assembly)
        outputs = {name: value for stack in stacks.values() for name, value in stack.items()}
        yield Deployment(cloud, outputs, folder)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory, assemblies: dict[str, Path]) -> Iterator[Deployment]:
    """Deploy the dev environment, once per session."""
    with deploy(tmp_path_factory.mktemp("workflow"), assemblies["dev"]) as deployment:
        yield deployment


@pytest.fixture(scope="session")
def production(tmp_path_factory: pytest.TempPathFactory, assemblies: dict[str, Path]) -> Iterator[Deployment]:
    """Deploy the prod environment, which has several instance types, a schedule and a fleet."""
    account = load_settings("prod", ROOT / "environments").deployment.account
    with deploy(tmp_path_factory.mktemp("production"), assemblies["prod"], account=account) as deployment:
        yield deployment


@pytest.fixture
def application(deployed: Deployment) -> Deployment:
    """Return the deployed application without demand or forecasts."""
    deployed.empty()
    return deployed


@pytest.fixture(scope="session")
def demand() -> pl.DataFrame:
    """Return weekly demand of 6 articles at 3 merchants over 70 weeks."""
    weeks = [LAST_WEEK - timedelta(weeks=back) for back in range(70)]
    rows = [
        (f"A{article}", f"M{merchant}", week, float((article * 7 + merchant * 3 + number * 5) % 11))
        for article in range(6)
        for merchant in range(3)
        for number, week in enumerate(weeks)
    ]
    return pl.DataFrame(rows, schema=["article_id", "merchant_id", "ds", "y"], orient="row")
