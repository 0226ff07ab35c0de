"""IAM, exercised: everything acts under its own role, and no statement is there that nothing needs.

Every call of a role is judged by the policies that were deployed, in this cloud as in those of the other tests. What is
noted of it tells which statements somebody needs: taken away, one of these executions would fail.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from local_cloud import ApiFault
from tests.infra.test_iam import FUNCTIONS
from tests.workflow.conftest import FEW_TREES, Deployment, deploy
from tests.workflow.test_failures import MANY_TREES, running_job, wait_until
from tests.workflow.test_success import put_beside

# What AWS does in a role's name and the local cloud does not: each with the service that asks for it.
ELSEWHERE = {
    "xray:PutTraceSegments": "Lambda and Step Functions send traces by themselves",
    "logs:CreateLogDelivery": "Step Functions delivers its log by itself",
    "ecr:BatchGetImage": "SageMaker pulls the image",
    "ecr:GetAuthorizationToken": "SageMaker signs in to ECR",
    "cloudwatch:PutMetricData": "SageMaker reports the machine's metrics",
    "kms:CreateGrant": "SageMaker encrypts the machine's volume",
    "logs:CreateLogGroup": "SageMaker makes the group of all training jobs, once an account",
    "sqs:SendMessage": "Lambda keeps the events that a function failed for",
    "UseTheQueuesKey": "Lambda and the Scheduler encrypt what they keep",
    "events:PutRule": "Step Functions hears of a job's end",
}
# Roles that only such a service takes on: it starts runs, keeps what it could not start, and looks at the deadline.
SCHEDULER = "scheduler.amazonaws.com"


@pytest.fixture(scope="module")
def exercised(
    tmp_path_factory: pytest.TempPathFactory, assemblies: dict[str, Path], demand: pl.DataFrame
) -> Iterator[Deployment]:
    """An environment in which everything has happened once."""
    with deploy(tmp_path_factory.mktemp("permissions"), assemblies["fleet"]) as application:
        application.upload_rows(demand)
        described = demand.select("article_id", "merchant_id").unique().with_columns(brand=pl.col("article_id"))
        put_beside(application, "StaticUri", "articles.parquet", described)
        weeks = demand.select("ds").unique().with_columns(price=1.0)
        put_beside(application, "CovariatesUri", "prices.parquet", weeks)
        late = application.cloud.client("lambda").invoke(
            FunctionName="onejob-dev-check-late", Payload=b'{"scheduled_time": "2026-11-23T08:00:00Z"}'
        )
        assert json.load(late["Payload"]) == {"cutoff": "2026-11-16", "late": 1}
        published = application.run({"config": FEW_TREES})
        assert published.status == "SUCCEEDED", published.cause
        by_fleet = application.run({"config": FEW_TREES, "mode": "infer", "fleet": True})
        assert by_fleet.status == "SUCCEEDED", by_fleet.cause
        # Publishing fails half-way, and what readers see is looked at.
        application.cloud.fail_calls(ApiFault("s3", "PutObject", "error", subject="_latest", count=60))
        assert application.run({"config": FEW_TREES, "force": True}).status == "FAILED"
        application.cloud.forget_faults()
        application.upload_rows(demand.with_columns(y=pl.col("y") * 10))
        held = application.run({"config": FEW_TREES})
        assert held.error == "QualityGateFailed"
        assert application.run({"publish": held.jobs[0]}).status == "SUCCEEDED"
        # Columns of other types, for which Athena's tables are changed.
        application.upload_rows(demand.with_columns(merchant_id=pl.col("merchant_id").str.slice(1).cast(pl.Int64)))
        other = application.run({"config": FEW_TREES})
        assert other.error == "QualityGateFailed", other.cause
        assert application.run({"publish": other.jobs[0]}).status == "SUCCEEDED"
        # One is stopped while it works, after another has asked who has the run.
        running = application.start({"cutoff": "2026-08-31", "config": MANY_TREES})
        job = running_job(application)
        assert application.run({"cutoff": "2026-08-31", "config": FEW_TREES}).output["published"] is False
        application.cloud.client("stepfunctions").stop_execution(executionArn=running)
        sagemaker = application.cloud.client("sagemaker")
        wait_until(lambda: sagemaker.describe_training_job(TrainingJobName=job)["TrainingJobStatus"] == "Stopped")
        wait_until(lambda: any(run.last is not None and run.last.status == "aborted" for run in application.runs()))
        shown = application.cloud.client("lambda").invoke(FunctionName="onejob-dev-show-runs", Payload=b"{}")
        assert "<table>" in json.load(shown["Payload"])
        yield application


def notes(application: Deployment) -> list[dict[str, Any]]:
    return [json.loads(line) for line in application.cloud.permissions_file.read_text().splitlines()]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_every_call_was_allowed(exercised: Deployment) -> None:
    refused = {(note["role"], note["action"], note["resource"]) for note in notes(exercised) if not note["by"]}
    assert refused == set()


def test_everything_acts_under_a_role_of_its_own(exercised: Deployment) -> None:
    actions = defaultdict(set)
    for note in notes(exercised):
        actions[note["role"].removeprefix("onejob-dev-forecast-").split("Role")[0]].add(note["action"].split(":")[0])
    assert actions.keys() == {
        *FUNCTIONS,
        "CheckDeadline",
        "FleetAccess",
        "RunsWidget",
        "Training",
        "WorkflowStateMachine",
    }
    assert "dynamodb" not in actions["Training"] | actions["Plan"] | actions["CheckRun"] | actions["QualityGate"]


def test_no_statement_could_be_taken_away(exercised: Deployment) -> None:
    """For each statement of each role, and each action it names, a call was made that no other statement allows."""
    needed = defaultdict(set)
    for note in notes(exercised):
        if len(note["by"]) == 1:
            needed[note["role"], json.dumps(note["by"][0], sort_keys=True)].add(note["action"])
    iam = exercised.cloud.client("iam")
    superfluous = []
    for role in iam.list_roles()["Roles"]:
        if SCHEDULER in json.dumps(role["AssumeRolePolicyDocument"]):
            continue
        for policy in iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]:
            # Any: boto3 has read the text that the stubs allow for.
            document: Any = iam.get_role_policy(RoleName=role["RoleName"], PolicyName=policy)["PolicyDocument"]
            for statement in listed(document["Statement"]):
                actions = set(listed(statement["Action"]))
                used = needed[role["RoleName"], json.dumps(statement, sort_keys=True)]
                if not used and not {*actions, statement.get("Sid")} & ELSEWHERE.keys():
                    superfluous.append((role["RoleName"], statement.get("Sid"), sorted(actions)))
    assert superfluous == []
