"""Every resource policy that lets a service of AWS in names this account, or resources in it."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.infra.conftest import EVERY, Templates, listed, readable, resources

# Resource types with a policy, and the property that has it.
POLICIES = {
    "AWS::KMS::Key": "KeyPolicy",
    "AWS::S3::BucketPolicy": "PolicyDocument",
    "AWS::SNS::TopicPolicy": "PolicyDocument",
    "AWS::SQS::QueuePolicy": "PolicyDocument",
}
# Condition keys that limit a service to this account. CloudWatch Logs gives the log group's ARN as the context.
# EventBridge supports no condition for encrypted topics, by the SNS guide, "Key management". With one, the messages of
# its rules are lost. A role for the target needs no such policy, but versions of EventBridge's guide contradict each
# other: one warns that deliveries to encrypted topics may then fail. docs/beliefs.toml has the risk of the exception.
WITHOUT_CONDITION = ["MessagesKey: events.amazonaws.com", "OutcomesTopicPolicy: events.amazonaws.com"]
LIMITS = {"aws:SourceAccount", "aws:SourceArn", "kms:EncryptionContext:aws:logs:arn"}


def services(statement: Mapping[str, Any]) -> list[str]:
    """Return the services that a statement lets in."""
    principal = statement.get("Principal", {})
    if statement["Effect"] != "Allow" or not isinstance(principal, dict):
        return []
    return [str(name) for name in listed(principal.get("Service", []))]


def unlimited(template: dict[str, Any]) -> Iterator[str]:
    """Yield each service that a policy lets in from any account, with the policy's logical id."""
    for kind, attribute in POLICIES.items():
        for name, properties in resources(template, kind).items():
            for statement in properties[attribute]["Statement"]:
                keys = {key for conditions in statement.get("Condition", {}).values() for key in conditions}
                if not keys & LIMITS:
                    yield from (f"{name}: {service}" for service in services(readable(statement)))
    for name, permission in resources(template, "AWS::Lambda::Permission").items():
        if not {"SourceAccount", "SourceArn"} & set(permission):
            yield f"{name}: {readable(permission['Principal'])}"


@pytest.mark.parametrize("environment", EVERY)
@pytest.mark.parametrize("stack", ["data", "forecast"])
def test_no_policy_lets_a_service_in_for_other_accounts(template: Templates, environment: str, stack: str) -> None:
    assert list(unlimited(template(environment, stack))) == (WITHOUT_CONDITION if stack == "forecast" else [])


def test_a_policy_without_a_condition_is_found() -> None:
    statement = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sns:Publish"}
    policy = {"Type": "AWS::SNS::TopicPolicy", "Properties": {"PolicyDocument": {"Statement": [statement]}}}
    assert list(unlimited({"Resources": {"Policy": policy}})) == ["Policy: events.amazonaws.com"]
