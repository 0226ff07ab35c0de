"""Everything that can be encrypted with a key of one's own is encrypted with this environment's."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.infra.conftest import EVERY, description, readable

Templates = Callable[[str, str], dict[str, Any]]

KEY, OF_MESSAGES = "<EncryptionKey.Arn>", "<MessagesKey.Arn>"
# What must work where the key of the data does not: that somebody hears of it.
MESSAGES = {"AWS::SNS::Topic", "AWS::SQS::Queue"}
# Where a type names the key of what it holds.
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
# Types that could name one, and do not.
WITHOUT = {
    "AWS::Scheduler::Schedule": "It holds a cron expression and the placeholder of a time.",
    "AWS::StepFunctions::StateMachine": "Executions hold names and figures of runs, no demand; operators read them.",
}
# Single resources without, by logical id without its hash.
EXEMPT = {
    "AccessLogsBucket": "S3 delivers access logs to buckets with its own encryption only.",
}


def takes_a_key(kind: str) -> bool:
    """Whether CloudFormation's own description of a type speaks of a key of KMS."""
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
def test_every_resource_that_takes_a_key_has_ours(template: Templates, environment: str) -> None:
    without, kinds = set(), set()
    for stack in ("data", "forecast"):
        for logical_id, resource in template(environment, stack)["Resources"].items():
            kind = resource["Type"]
            if kind == "AWS::CDK::Metadata" or not takes_a_key(kind):
                continue
            kinds.add(kind)
            ours = OF_MESSAGES if kind in MESSAGES else KEY
            if kind not in WITHOUT and key_of(readable(resource["Properties"]), NAMED[kind]) != ours:
                without.add(logical_id[:-8])
    assert without == EXEMPT.keys()
    assert kinds == NAMED.keys() | WITHOUT.keys()


def requests(definition: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    states = definition["States"].values()
    found = [state["Parameters"] for state in states if f"create{kind}Job" in state.get("Resource", "")]
    assert found
    return found


def test_the_job_encrypts_its_disk_and_its_output(definition: Callable[[str], dict[str, Any]]) -> None:
    for request in requests(definition("prod"), "Training"):
        assert request["ResourceConfig"]["VolumeKmsKeyId"] == request["OutputDataConfig"]["KmsKeyId"] == KEY


def test_the_fleet_encrypts_its_disks_and_has_no_output_but_what_it_uploads(
    definition: Callable[[str], dict[str, Any]],
) -> None:
    for request in requests(definition("prod"), "Processing"):
        assert request["ProcessingResources"]["ClusterConfig"]["VolumeKmsKeyId"] == KEY
        assert "ProcessingOutputConfig" not in request
