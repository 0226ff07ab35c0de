"""The services' own models accept the request of every state, with the shortest and the longest values.

The functions themselves make the values, and the local cloud's interpreter fills them into the requests.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from contract.environments.before_job import PlanEnvironment
from contract.names import PARENT
from contract.s3.keys import COVARIATES, DEMAND, STATIC, partition_folder
from contract.s3.partition_keys import PartitionsKeys
from infra.jobs.retries import MAX_FAULTS, QUOTA_ATTEMPTS, REFUSAL_ATTEMPTS
from lambdas.explain_failure import failure_types
from lambdas.explain_failure.failure_types import FailureType
from lambdas.explain_failure.handler import explain
from lambdas.plan.handler import plan
from lambdas.plan_partitions.handler import execution_name
from lambdas.publish.announcement import subject
from lambdas.summarize_partitions.handler import summarize_partitions
from linters.state_machines import definitions
from local_cloud import LocalCloud, wait_for_execution
from local_cloud.core.request_validation import find_errors, request_shape
from tests.infra.extremes import NAMES, Extreme
from tests.infra.test_definition import planned_fleet

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# The context object's values, which no test can bring about. Step Functions allows 1,000 redrives.
COUNTS = {
    "shortest": {"redrives": 0, "retries": 0, "faults": 0},
    "longest": {"redrives": 1_000, "retries": QUOTA_ATTEMPTS, "faults": REFUSAL_ATTEMPTS + MAX_FAULTS},
}
CONTEXT = {"$$.Execution.RedriveCount": "$.counts.redrives", "$$.State.RetryCount": "$.counts.retries"}
# The API reference of SNS. Its model has no limits.
SUBJECT_CHARACTERS, MESSAGE_BYTES = 100, 262_144
SERVICES = {"states": "stepfunctions"}


def tasks(states: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Yield name, resource and parameters of each call of a service, also of those in a Map."""
    for name, state in states.items():
        if state["Type"] == "Task":
            yield name, state["Resource"], state.get("Parameters", {})
        if "ItemReader" in state:
            yield f"{name}, its items", state["ItemReader"]["Resource"], state["ItemReader"]["Parameters"]
        if "ItemProcessor" in state:
            yield from tasks(state["ItemProcessor"]["States"])


def requested(resource: str, parameters: dict[str, Any]) -> tuple[str, str, dict[str, Any]]:
    """Return service, operation and request, as the service's model names and expects them."""
    parts = resource.removesuffix(".sync:2").removesuffix(".sync").split(":")
    if parts[2] == "lambda":
        return "lambda", "Invoke", {"FunctionName": resource}
    service, action = SERVICES.get(parts[-2], parts[-2]), parts[-1]
    members = request_shape(service, action[0].upper() + action[1:]).members
    # Step Functions capitalizes all members, and turns objects into JSON where the service wants a text or bytes.
    names = {name[0].upper() + name[1:]: name for name in members}
    request = {names.get(name, name): value for name, value in parameters.items()}
    for name, value in request.items():
        if name in members and members[name].type_name in ("string", "blob") and isinstance(value, dict):
            request[name] = json.dumps(value)
    return service, action[0].upper() + action[1:], request


def faults_of(resource: str, parameters: dict[str, Any]) -> Iterator[str]:
    """Yield what the service would refuse in a request."""
    service, operation, request = requested(resource, parameters)
    yield from find_errors(request, request_shape(service, operation))
    if service == "sns":
        if not (request["Subject"].isascii() and request["Subject"].isprintable()):
            yield f"The subject is not one ASCII line: {request['Subject']}"
        if not 1 <= len(request["Subject"]) <= SUBJECT_CHARACTERS or len(request["Message"].encode()) > MESSAGE_BYTES:
            yield f"Subject or message is too long: {request['Subject']}"


def planned(variables: Mapping[str, str], *, partition: str, execution: Any, s3: "S3Client") -> dict[str, Any]:
    """Return Plan's answer for a partition with data of every kind."""
    environment = PlanEnvironment.from_environment(variables)
    for bucket in (environment.data_bucket, environment.forecast_bucket):
        s3.create_bucket(Bucket=bucket)
    for prefix in (DEMAND, STATIC, COVARIATES):
        s3.put_object(Bucket=environment.data_bucket, Key=f"{prefix}{partition_folder(partition)}a.parquet", Body=b"x")
    return asdict(plan(execution, environment=environment, s3=s3))


def summarized(bucket: str, *, deployment: str, item: Any, execution: Any, s3: "S3Client") -> Any:
    """Return SummarizePartitions' answer for a partition without an outcome."""
    keys = PartitionsKeys(execution=execution["name"])
    s3.put_object(Bucket=bucket, Key=keys.items, Body=json.dumps([item]).encode())
    state: Any = {"execution": execution, "plan": {"items": keys.items, "invalid_names": None}}
    return summarize_partitions(state, deployment=deployment, bucket=bucket, s3=s3)


def values_of(extreme: Extreme, name: str) -> dict[str, Any]:
    """Return a state that has every value that any state of the machines uses."""
    longest = name == "longest"
    deployment = "-".join(reversed(NAMES[name]))
    variables = next(
        properties["Environment"]["Variables"]
        for _, kind, properties in extreme.resources
        if kind == "AWS::Lambda::Function" and properties["FunctionName"] == f"{deployment}-plan"
    )
    arn = f"arn:aws:states:eu-central-1:123456789012:execution:{deployment}-forecast"
    partition, own_name = ("p" * 64, "n" * 80) if longest else ("p", "n")
    # A text of the longest value that Plan accepts.
    own = {"config": {"country_holidays": "h" * 256}, "cutoff": "2026-11-16", "fleet": 100} if longest else {}
    document = {**own, "partition": partition, PARENT: f"{arn}:{own_name}"}
    execution: Any = {
        "id": f"{arn}:{own_name}",
        "name": own_name,
        "started_at": "2026-11-18T09:30:05Z",
        "input": document,
    }
    item = {
        "partition": partition,
        "name": execution_name(partition, execution["id"]),
        "input": document,
        "outcome": PartitionsKeys(execution=own_name).outcome(partition),
    }
    with mock_aws():
        s3 = boto3.client("s3", "us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing")
        plan_ = planned(variables, partition=partition, execution=execution, s3=s3)
        outcome = summarized(variables["FORECAST_BUCKET"], deployment=deployment, item=item, execution=execution, s3=s3)
    if longest:
        plan_["environment"]["MODEL_SHA256"] = "0" * 64  # of a run that infers
    failed: Any = {"execution": execution, "error": {"Error": "InputError", "Cause": "c" * 32_768 if longest else ""}}
    fleet = json.dumps(planned_fleet(100 if longest else 1)).replace("forecast-bucket", variables["FORECAST_BUCKET"])
    published: Any = {"cutoff": "2026-11-16"}
    return {
        **item,
        "execution": execution,
        "plan": {**plan_, "items": PartitionsKeys(execution=own_name).items, "max_concurrency": 1_000},
        "fleet": json.loads(fleet),
        "job": {"name": "j" * 63 if longest else "j"},
        "failure": explain(failed, deployment=deployment),
        "published": {"subject": subject(published, deployment=deployment, published=not longest), "message": "m"},
        "outcome_of_all": outcome,
        "redrives": COUNTS[name]["redrives"],
        "faults": {"count": COUNTS[name]["faults"]},
        "counts": COUNTS[name],
    }


def without_context(parameters: Any) -> Any:
    """Return parameters that take the counts of the context object from the input."""
    text = json.dumps(parameters)
    for path, replacement in CONTEXT.items():
        text = text.replace(path, replacement)
    # In one machine, `outcome` is the key of an item's outcome; in its other states the outcome of all items.
    return json.loads(text.replace("$.outcome.", "$.outcome_of_all."))


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(tmp_path_factory.mktemp("cloud"), iam=False) as opened:
        yield opened


def filled_in(cloud: LocalCloud, name: str, parameters: list[Any], values: dict[str, Any]) -> list[dict[str, Any]]:
    """Let the interpreter fill values into parameters: each in a branch of its own, in a state that returns them."""
    branches = [
        {"StartAt": "Fill", "States": {"Fill": {"Type": "Pass", "Parameters": without_context(each), "End": True}}}
        for each in parameters
    ]
    machine = {"StartAt": "All", "States": {"All": {"Type": "Parallel", "Branches": branches, "End": True}}}
    workflows = cloud.client("stepfunctions")
    role = "arn:aws:iam::123456789012:role/any"
    created = workflows.create_state_machine(name=name, definition=json.dumps(machine), roleArn=role)
    started = workflows.start_execution(stateMachineArn=created["stateMachineArn"], input=json.dumps(values))
    ended = wait_for_execution(cloud.client, started["executionArn"], seconds=60)
    assert ended["status"] == "SUCCEEDED", ended
    return list(json.loads(ended["output"]))


@pytest.fixture(scope="module", params=NAMES)
def requests(
    cloud: LocalCloud, extremes: dict[str, Extreme], request: pytest.FixtureRequest
) -> list[tuple[str, str, dict[str, Any]]]:
    """Name, resource and parameters of each call, with the values of an execution."""
    extreme = extremes[request.param]
    calls = [call for _, machine in definitions(extreme.stacks) for call in tasks(machine["States"])]
    filled = filled_in(cloud, request.param, [each for _, _, each in calls], values_of(extreme, request.param))
    return [(name, resource, each) for (name, resource, _), each in zip(calls, filled, strict=True)]


def test_the_services_accept_the_request_of_every_state(requests: list[tuple[str, str, dict[str, Any]]]) -> None:
    kinds = {requested(resource, each)[:2] for _, resource, each in requests}
    assert kinds == {
        ("lambda", "Invoke"),
        ("s3", "GetObject"),
        ("s3", "PutObject"),
        ("sagemaker", "CreateProcessingJob"),
        ("sagemaker", "CreateTrainingJob"),
        ("sns", "Publish"),
        ("stepfunctions", "StartExecution"),
    }
    found = [f"{name}: {fault}" for name, resource, each in requests for fault in faults_of(resource, each)]
    assert found == []


@pytest.mark.parametrize(
    ("kind", "part", "value"),
    [
        ("createTrainingJob", "TrainingJobName", "j" * 64),
        ("createTrainingJob", "HyperParameters", {"key": "v" * 2_501}),
        ("createTrainingJob", "RetryStrategi", {"MaximumRetryAttempts": 1}),
        ("createProcessingJob", "ProcessingJobName", "a.b"),
        ("startExecution", "Name", "n" * 81),
        ("publish", "Subject", "s" * 101),
    ],
)
def test_a_value_that_a_service_refuses_is_found(
    requests: list[tuple[str, str, dict[str, Any]]], kind: str, part: str, value: Any
) -> None:
    _, resource, parameters = next(each for each in requests if f":{kind}" in each[1])
    assert list(faults_of(resource, parameters)) == []
    assert list(faults_of(resource, {**parameters, part: value})) != []


def test_the_subject_of_every_failure_fits() -> None:
    deployment = "-".join(reversed(NAMES["longest"]))
    nothing: Any = {}
    before, between, _ = explain(nothing, deployment=deployment)["subject"].partition("run failed: ")
    labels = [each.label for each in vars(failure_types).values() if isinstance(each, FailureType)]
    assert len(labels) > 10
    assert [
        label for label in labels if len(before + between + label) > SUBJECT_CHARACTERS or not label.isascii()
    ] == []
