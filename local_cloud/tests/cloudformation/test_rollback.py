"""A failed creation or update of a stack is rolled back, and a stack is deleted, as in CloudFormation."""

import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_cloud import DeploymentError, LocalCloud
from local_cloud.tests.assembly_writer import write_assembly

_NUMBERS = itertools.count()
MESSAGE = "the account may not create budgets"
BUDGET: dict[str, Any] = {"Type": "AWS::Budgets::Budget", "Properties": {"Budget": {}}}


def table(name: str, policy: str = "Delete") -> dict[str, Any]:
    key = {"AttributeName": "id", "AttributeType": "S"}
    return {
        "Type": "AWS::DynamoDB::Table",
        "DeletionPolicy": policy,
        "Properties": {
            "TableName": name,
            "AttributeDefinitions": [key],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST",
        },
    }


def topic(name: str, policy: str = "Delete") -> dict[str, Any]:
    return {"Type": "AWS::SNS::Topic", "DeletionPolicy": policy, "Properties": {"TopicName": name}}


@pytest.fixture
def name() -> str:
    """Return the name of a new stack."""
    return f"rollback-{next(_NUMBERS)}"


@pytest.fixture
def failing(cloud: LocalCloud) -> Iterator[LocalCloud]:
    """Make the creation of the next budget fail."""
    cloud.fail_resource(BUDGET["Type"], MESSAGE)
    yield cloud
    cloud.forget_faults()


@pytest.fixture
def create(cloud: LocalCloud, name: str) -> Callable[..., str]:
    """Return a function that creates the stack of the test, and returns its status."""

    def create(resources: dict[str, Any], stack: str = name, **options: Any) -> str:
        template = json.dumps({"Resources": resources})
        cloud.client("cloudformation").create_stack(StackName=stack, TemplateBody=template, **options)
        return status(cloud, stack)

    return create


def update(cloud: LocalCloud, stack: str, resources: dict[str, Any]) -> str:
    template = json.dumps({"Resources": resources})
    cloud.client("cloudformation").update_stack(StackName=stack, TemplateBody=template)
    return status(cloud, stack)


def delete(cloud: LocalCloud, stack: str) -> str:
    identifier = cloud.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]["StackId"]
    cloud.client("cloudformation").delete_stack(StackName=stack)
    return status(cloud, identifier)


def status(cloud: LocalCloud, stack: str) -> str:
    return cloud.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]


def events(cloud: LocalCloud, stack: str) -> list[tuple[str, str, str]]:
    """Return name, status and reason of each event, earliest first."""
    found = cloud.client("cloudformation").describe_stack_events(StackName=stack)["StackEvents"]
    return [
        (event["LogicalResourceId"], event["ResourceStatus"], event.get("ResourceStatusReason", ""))
        for event in reversed(found)
    ]


def tables(cloud: LocalCloud) -> list[str]:
    return cloud.client("dynamodb").list_tables()["TableNames"]


def topics(cloud: LocalCloud) -> list[str]:
    return [each["TopicArn"].rpartition(":")[2] for each in cloud.client("sns").list_topics()["Topics"]]


def test_a_failed_creation_deletes_the_created_resources(
    failing: LocalCloud, create: Callable[..., str], name: str
) -> None:
    resources = {"Table": table(name), "Budget": BUDGET, "Never": topic(name)}
    assert create(resources) == "ROLLBACK_COMPLETE"
    assert name not in tables(failing)
    assert name not in topics(failing)
    assert events(failing, name) == [
        (name, "CREATE_IN_PROGRESS", "User Initiated"),
        ("Table", "CREATE_COMPLETE", ""),
        ("Budget", "CREATE_FAILED", f'Resource handler returned message: "{MESSAGE}"'),
        (
            name,
            "ROLLBACK_IN_PROGRESS",
            "The following resource(s) failed to create: [Budget]. Rollback requested by user.",
        ),
        ("Table", "DELETE_COMPLETE", ""),
        (name, "ROLLBACK_COMPLETE", ""),
    ]
    assert "Outputs" not in failing.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    listed = failing.client("cloudformation").list_stack_resources(StackName=name)["StackResourceSummaries"]
    assert listed == []
    assert name not in tables(failing)


def test_only_the_failed_resource_is_named_if_another_one_needs_it(
    failing: LocalCloud, create: Callable[..., str], name: str
) -> None:
    needing = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "Budget"}}}
    create({"Topic": needing, "Budget": BUDGET})
    assert [resource for resource, reached, _ in events(failing, name) if reached == "CREATE_FAILED"] == ["Budget"]


def test_a_resource_waits_for_those_that_it_depends_on(
    cloud: LocalCloud, create: Callable[..., str], name: str
) -> None:
    refers = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "Topic"}}}
    create({"Refers": refers, "Topic": {**topic(name), "DependsOn": ["Table"]}, "Table": table(name)})
    order = [resource for resource, reached, _ in events(cloud, name) if reached == "CREATE_COMPLETE"]
    assert order == ["Table", "Topic", "Refers", name]


@pytest.mark.parametrize(("policy", "stays"), [("Retain", True), ("RetainExceptOnCreate", False), ("Delete", False)])
@pytest.mark.parametrize("make", [table, topic])
def test_a_retained_resource_of_a_failed_creation_keeps_its_name(
    failing: LocalCloud, create: Callable[..., str], name: str, policy: str, stays: bool, make: Callable[..., Any]
) -> None:
    assert create({"Kept": make(name, policy), "Budget": BUDGET}) == "ROLLBACK_COMPLETE"
    assert (name in tables(failing) + topics(failing)) is stays
    assert delete(failing, name) == "DELETE_COMPLETE"
    assert create({"Kept": make(name, policy), "Budget": BUDGET}) == ("ROLLBACK" if stays else "CREATE") + "_COMPLETE"
    if stays:
        assert (name in tables(failing) + topics(failing)) is True
        (reason,) = [reason for _, reached, reason in events(failing, name) if reached == "CREATE_FAILED"]
        assert "already exists" in reason


@pytest.mark.parametrize(("policy", "stays"), [("Retain", True), ("RetainExceptOnCreate", True), ("Delete", False)])
def test_a_retained_resource_outlives_its_stack(
    cloud: LocalCloud, create: Callable[..., str], name: str, policy: str, stays: bool
) -> None:
    assert create({"Table": table(name, policy), "Topic": topic(name, policy), "Other": topic(f"{name}-x")})
    assert update(cloud, name, {"Table": table(name, policy)}) == "UPDATE_COMPLETE"
    assert (name in topics(cloud)) is stays
    assert f"{name}-x" not in topics(cloud)
    assert delete(cloud, name) == "DELETE_COMPLETE"
    assert (name in tables(cloud)) is stays


def test_a_rolled_back_stack_can_only_be_deleted(failing: LocalCloud, create: Callable[..., str], name: str) -> None:
    create({"Budget": BUDGET})
    with pytest.raises(ClientError, match="is in ROLLBACK_COMPLETE state and can not be updated"):
        update(failing, name, {"Topic": topic(name)})
    with pytest.raises(ClientError, match="already exists"):
        create({"Topic": topic(name)})
    assert delete(failing, name) == "DELETE_COMPLETE"
    assert create({"Topic": topic(name)}) == "CREATE_COMPLETE"


def test_a_protected_stack_cannot_be_deleted(failing: LocalCloud, create: Callable[..., str], name: str) -> None:
    assert create({"Budget": BUDGET}, EnableTerminationProtection=True) == "ROLLBACK_COMPLETE"
    message = rf"Stack \[{name}\] cannot be deleted while TerminationProtection is enabled"
    with pytest.raises(ClientError, match=message):
        failing.client("cloudformation").delete_stack(StackName=name)
    failing.client("cloudformation").update_termination_protection(StackName=name, EnableTerminationProtection=False)
    assert delete(failing, name) == "DELETE_COMPLETE"


def test_a_failed_update_restores_the_earlier_template(
    failing: LocalCloud, create: Callable[..., str], name: str
) -> None:
    before = {"Old": topic(name), "Removed": topic(f"{name}-removed")}
    create(before)
    after = {"Old": topic(f"{name}-renamed"), "New": topic(f"{name}-new", "RetainExceptOnCreate"), "Budget": BUDGET}
    assert update(failing, name, after) == "UPDATE_ROLLBACK_COMPLETE"
    assert {each for each in topics(failing) if each.startswith(name)} == {name, f"{name}-removed"}
    template = failing.client("cloudformation").get_template(StackName=name)["TemplateBody"]
    assert template == {"Resources": before}
    assert ("Budget", "CREATE_FAILED", f'Resource handler returned message: "{MESSAGE}"') in events(failing, name)
    assert update(failing, name, after) == "UPDATE_COMPLETE"
    assert {each for each in topics(failing) if each.startswith(name)} == {f"{name}-renamed", f"{name}-new"}


def test_a_failed_change_restores_the_changed_resources(
    cloud: LocalCloud, create: Callable[..., str], name: str
) -> None:
    def group(text: str) -> dict[str, Any]:
        return {"Type": "AWS::Scheduler::ScheduleGroup", "Properties": {"Name": text}}

    def groups() -> set[str]:
        found = cloud.client("scheduler").list_schedule_groups()["ScheduleGroups"]
        return {each["Name"] for each in found if each["Name"].startswith(name)}

    create({"Taken": group(f"{name}-taken")}, f"{name}-other")
    before = {"First": group(f"{name}-1"), "Second": group(f"{name}-2")}
    create(before)
    after = {"First": group(f"{name}-changed"), "Second": group(f"{name}-taken")}
    assert update(cloud, name, after) == "UPDATE_ROLLBACK_COMPLETE"
    assert groups() == {f"{name}-taken", f"{name}-1", f"{name}-2"}
    (failed,) = [event for event in events(cloud, name) if event[1] == "UPDATE_FAILED"]
    assert failed[0] == "Second"
    assert "already exists" in failed[2]


def test_a_bucket_with_objects_cannot_be_deleted(cloud: LocalCloud, create: Callable[..., str], name: str) -> None:
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": f"{name}-bucket"}}
    create({"Bucket": bucket, "Topic": topic(name)})
    s3 = cloud.client("s3")
    s3.put_object(Bucket=f"{name}-bucket", Key="object", Body=b"")
    assert delete(cloud, name) == "DELETE_FAILED"
    assert name not in topics(cloud)
    reason = 'Resource handler returned message: "The bucket you tried to delete is not empty"'
    assert ("Bucket", "DELETE_FAILED", reason) in events(cloud, name)
    with pytest.raises(ClientError, match="is in DELETE_FAILED state and can not be updated"):
        update(cloud, name, {"Topic": topic(name)})
    s3.delete_object(Bucket=f"{name}-bucket", Key="object")
    assert delete(cloud, name) == "DELETE_COMPLETE"


@pytest.mark.parametrize(("empties", "reached"), [(False, "DELETE_FAILED"), (True, "DELETE_COMPLETE")])
def test_a_repository_with_images_is_deleted_only_if_its_template_empties_it(
    cloud: LocalCloud, create: Callable[..., str], name: str, empties: bool, reached: str
) -> None:
    properties = {"RepositoryName": name, "EmptyOnDelete": empties}
    assert create({"Repository": {"Type": "AWS::ECR::Repository", "Properties": properties}}) == "CREATE_COMPLETE"
    manifest = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json"})
    cloud.client("ecr").put_image(repositoryName=name, imageManifest=manifest, imageTag="1")
    assert delete(cloud, name) == reached
    repositories = cloud.client("ecr").describe_repositories()["repositories"]
    assert any(repository["repositoryName"] == name for repository in repositories) is not empties


def test_a_deployment_with_boto3_repeats_a_failed_creation(failing: LocalCloud, tmp_path: Path, name: str) -> None:
    assembly = write_assembly(tmp_path, {"Resources": {"Budget": BUDGET, "Topic": topic(name)}}, stack=name)
    with pytest.raises(DeploymentError, match=f"stack {name}: ROLLBACK_COMPLETE: .*Budget: .*{MESSAGE}"):
        failing.deploy(assembly)
    failing.deploy(assembly)
    assert status(failing, name) == "CREATE_COMPLETE"
