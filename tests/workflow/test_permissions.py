"""IAM permissions in use: every component has its own role, and every statement is needed.

The local cloud checks every call of a role against the deployed policies and records the statements that allow it. A
statement is needed if it alone allows a call: without it, one of these executions fails.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from local_cloud import ApiFault
from tests.infra.test_iam import FUNCTIONS
from tests.workflow.conftest import FEW_TREES, Deployment, deploy
from tests.workflow.test_failures import MANY_TREES, running_job, wait_until
from tests.workflow.test_success import upload_to

# Actions that AWS services perform with a role and the local cloud does not, each with the service and its purpose.
ELSEWHERE = {
    "xray:PutTraceSegments": "Lambda and Step Functions send traces",
    "ecr:BatchGetImage": "SageMaker pulls the image",
    "ecr:GetAuthorizationToken": "SageMaker signs in to ECR",
    "cloudwatch:PutMetricData": "SageMaker reports the instance's metrics",
    "logs:CreateLogGroup": "SageMaker creates the log group of all training jobs, once per account",
    "sqs:SendMessage": "Lambda stores the events of failed functions",
    "UseQueueKey": "Lambda and the Scheduler encrypt stored events",
}
# Service that assumes roles to start runs, store missed starts and check the deadline.
SCHEDULER = "scheduler.amazonaws.com"


@pytest.fixture(scope="module")
def exercised(
    tmp_path_factory: pytest.TempPathFactory, assemblies: dict[str, Path], demand: pl.DataFrame
) -> Iterator[Deployment]:
    """Return an environment in which every kind of call has been made once."""
    with deploy(tmp_path_factory.mktemp("permissions"), assemblies["fleet"]) as application:
        application.upload_rows(demand)
        description = demand.select("article_id", "merchant_id").unique().with_columns(brand=pl.col("article_id"))
        upload_to(application, "StaticUri", "articles.parquet", description)
        weeks = demand["ds"].unique().sort()
        known = pl.concat([weeks, weeks + timedelta(weeks=FEW_TREES["horizon"])]).unique()
        upload_to(application, "CovariatesUri", "prices.parquet", pl.DataFrame({"ds": known, "price": 1.0}))
        late = application.cloud.client("lambda").invoke(
            FunctionName="onejob-dev-check-deadline", Payload=b'{"scheduled_time": "2026-11-23T08:00:00Z"}'
        )
        assert json.load(late["Payload"]) == {"cutoff": "2026-11-16", "late": 1}
        published = application.run({"config": FEW_TREES})
        assert published.status == "SUCCEEDED", published.cause
        by_fleet = application.run({"config": FEW_TREES, "mode": "infer", "fleet": True})
        assert by_fleet.status == "SUCCEEDED", by_fleet.cause
        # Publishing fails half-way, so CloseRun checks the pointer.
        application.cloud.fail_calls(ApiFault("s3", "PutObject", "error", subject="_published", count=60))
        assert application.run({"config": FEW_TREES, "force": True}).status == "FAILED"
        application.cloud.forget_faults()
        application.upload_rows(demand.with_columns(y=pl.col("y") * 10))
        rejected = application.run({"config": FEW_TREES})
        assert rejected.error == "QualityGateFailed"
        assert application.run({"publish": rejected.jobs[0]}).status == "SUCCEEDED"
        # Columns with other types, so Publish changes Athena's tables.
        number = pl.col("merchant_id").str.slice(1).cast(pl.Int64)
        application.upload_rows(demand.with_columns(merchant_id=number))
        upload_to(application, "StaticUri", "articles.parquet", description.with_columns(merchant_id=number))
        other = application.run({"config": FEW_TREES})
        assert other.error == "QualityGateFailed", other.cause
        assert application.run({"publish": other.jobs[0]}).status == "SUCCEEDED"
        # Stop an execution while its job works, after another execution has tried to claim the run.
        running = application.start({"cutoff": "2026-08-31", "config": MANY_TREES})
        job = running_job(application)
        assert application.run({"cutoff": "2026-08-31", "config": FEW_TREES}).output["published"] is False
        application.cloud.client("stepfunctions").stop_execution(executionArn=running)
        sagemaker = application.cloud.client("sagemaker")
        wait_until(lambda: sagemaker.describe_training_job(TrainingJobName=job)["TrainingJobStatus"] == "Stopped")
        wait_until(lambda: any(run.last is not None and run.last.status == "aborted" for run in application.runs()))
        shown = application.cloud.client("lambda").invoke(FunctionName="onejob-dev-runs-widget", Payload=b"{}")
        assert "<table>" in json.load(shown["Payload"])
        yield application


def records(application: Deployment) -> list[dict[str, Any]]:
    return [json.loads(line) for line in application.cloud.permissions_file.read_text().splitlines()]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_every_call_is_allowed(exercised: Deployment) -> None:
    refused = {
        (record["role"], record["action"], record["resource"]) for record in records(exercised) if not record["by"]
    }
    assert refused == set()


def test_every_component_has_its_own_role(exercised: Deployment) -> None:
    actions = defaultdict(set)
    for record in records(exercised):
        actions[record["role"].removeprefix("onejob-dev-forecast-").split("Role")[0]].add(
            record["action"].split(":")[0]
        )
    assert actions.keys() == {
        *FUNCTIONS,
        "CheckDeadline",
        "FleetAccess",
        "RunsWidget",
        "Training",
        "WorkflowStateMachine",
    }
    assert "dynamodb" not in actions["Training"] | actions["Plan"] | actions["CheckRun"] | actions["QualityGate"]


def test_every_statement_is_needed(exercised: Deployment) -> None:
    """Check that for each statement there is a call that no other statement allows."""
    needed = defaultdict(set)
    for record in records(exercised):
        if len(record["by"]) == 1:
            needed[record["role"], json.dumps(record["by"][0], sort_keys=True)].add(record["action"])
    iam = exercised.cloud.client("iam")
    superfluous = []
    for role in iam.list_roles()["Roles"]:
        if SCHEDULER in json.dumps(role["AssumeRolePolicyDocument"]):
            continue
        for policy in iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]:
            # boto3 parses the document, but its stubs also allow text.
            document: Any = iam.get_role_policy(RoleName=role["RoleName"], PolicyName=policy)["PolicyDocument"]
            for statement in listed(document["Statement"]):
                actions = set(listed(statement["Action"]))
                used = needed[role["RoleName"], json.dumps(statement, sort_keys=True)]
                if not used and not {*actions, statement.get("Sid")} & ELSEWHERE.keys():
                    superfluous.append((role["RoleName"], statement.get("Sid"), sorted(actions)))
    assert superfluous == []
