"""Every resource that can use a customer-managed key uses the environment's key."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.infra.conftest import EVERY, Templates, description, readable

KEY, OF_MESSAGES = "<EncryptionKey.Arn>", "<MessagesKey.Arn>"
# Notifications must work even if the data key is disabled, so they use their own key.
MESSAGES = {"AWS::SNS::Topic", "AWS::SQS::Queue"}
# Path of the key in the properties of each type.
NAMED: dict[str, tuple[str, ...]] = {
    "AWS::Athena::WorkGroup": (
        "WorkGroupConfiguration",
        "ResultConfiguration",
        "EncryptionConfiguration",
        "KmsKey",
    ),
    "AWS::DynamoDB::Table": ("SSESpecification", "KMSMasterKeyId"),
    "AWS::Lambda::Function": ("KmsKeyArn",),
    "AWS::Logs::LogGroup": ("KmsKeyId",),
    "AWS::S3::Bucket": (
        "BucketEncryption",
        "ServerSideEncryptionConfiguration",
        "ServerSideEncryptionByDefault",
        "KMSMasterKeyID",
    ),
    "AWS::SNS::Topic": ("KmsMasterKeyId",),
    "AWS::SQS::Queue": ("KmsMasterKeyId",),
}
# Types that could use a key and do not, with the reason.
WITHOUT = {
    "AWS::Scheduler::Schedule": "It contains only a cron expression and the placeholder of a time.",
    "AWS::StepFunctions::StateMachine": "Executions contain names and metrics of runs, but no demand.",
}
# Single resources without the environment's key, by logical id without its hash.
EXEMPT = {
    "AccessLogsBucket": "S3 delivers access logs to buckets with its own encryption only.",
}


def takes_a_key(kind: str) -> bool:
    """Return whether CloudFormation's schema of a type has a property for a KMS key."""
    return any("kms" in name.lower() for name in property_names(description(kind)))


def property_names(schema: Any) -> Iterator[str]:
    if isinstance(schema, list):
        for part in schema:
            yield from property_names(part)
    elif isinstance(schema, dict):
        yield from schema.get("properties", {})
        for part in schema.values():
            yield from property_names(part)


def key_of(properties: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        (properties,) = properties if isinstance(properties, list) else (properties,)
        properties = properties.get(name, {})
    return properties


@pytest.mark.parametrize("environment", EVERY)
def test_every_resource_uses_the_environments_key(template: Templates, environment: str) -> None:
    without, kinds = set(), set()
    for stack in ("data", "forecast"):
        for logical_id, resource in template(environment, stack)["Resources"].items():
            kind = resource["Type"]
            if kind == "AWS::CDK::Metadata" or not takes_a_key(kind):
                continue
            kinds.add(kind)
            expected = OF_MESSAGES if kind in MESSAGES else KEY
            if kind not in WITHOUT and key_of(readable(resource["Properties"]), NAMED[kind]) != expected:
                without.add(logical_id[:-8])
    assert without == EXEMPT.keys()
    assert kinds == NAMED.keys() | WITHOUT.keys()


def requests(definition: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    states = definition["States"].values()
    found = [state["Parameters"] for state in states if f"create{kind}Job" in state.get("Resource", "")]
    assert found
    return found


def test_the_training_job_encrypts_its_disk_and_its_output(definition: Callable[[str], dict[str, Any]]) -> None:
    for request in requests(definition("prod"), "Training"):
        assert request["ResourceConfig"]["VolumeKmsKeyId"] == request["OutputDataConfig"]["KmsKeyId"] == KEY


def test_the_fleet_encrypts_its_disks_and_has_no_sagemaker_output(
    definition: Callable[[str], dict[str, Any]],
) -> None:
    for request in requests(definition("prod"), "Processing"):
        assert request["ProcessingResources"]["ClusterConfig"]["VolumeKmsKeyId"] == KEY
        assert "ProcessingOutputConfig" not in request
