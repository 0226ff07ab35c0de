"""Services of AWS that the local cloud does not run reach the deployed topic and queue, by their deployed policies."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from local_cloud.iam.callers import Caller
from local_cloud.iam.decisions import allowing
from local_cloud.iam.statements import Permission, read_policy
from tests.workflow.conftest import Deployment


@dataclass(frozen=True)
class Target:
    """An encrypted topic or queue: its ARN, the ARN of its key, and the policies of both."""

    arn: str
    key: str
    policy: str
    key_policy: str

    def refuses(self, caller: Caller, action: str) -> list[str]:
        """Return the actions that the policies do not allow to a service that sends a message."""
        needed = [(Permission(action, self.arn), self.policy)]
        needed += [(Permission(f"kms:{use}", self.key), self.key_policy) for use in ("Decrypt", "GenerateDataKey")]
        return [
            each.action
            for each, policy in needed
            if not allowing(each, caller, identity=(), resource=read_policy(policy))
        ]


def target(application: Deployment, arn: str, attributes: Mapping[Any, str]) -> Target:
    key = attributes["KmsMasterKeyId"]
    key_policy = application.cloud.client("kms").get_key_policy(KeyId=key, PolicyName="default")["Policy"]
    return Target(arn, key, attributes["Policy"], key_policy)


@pytest.mark.parametrize(
    ("service", "source"),
    [
        ("cloudwatch.amazonaws.com", "arn:aws:cloudwatch:eu-central-1:{account}:alarm:onejob-prod-failed"),
        ("budgets.amazonaws.com", "arn:aws:budgets::{account}:*"),
        ("events.amazonaws.com", ""),  # EventBridge gives a topic no source
    ],
)
def test_publishers_reach_the_encrypted_topic(production: Deployment, service: str, source: str) -> None:
    arn = production.outputs["OutcomesTopicArn"]
    topic = target(production, arn, production.cloud.client("sns").get_topic_attributes(TopicArn=arn)["Attributes"])
    own = Caller(name=service, source=source.format(account=production.cloud.account))
    assert topic.refuses(own, "sns:Publish") == []
    if source:
        foreign = Caller(name=service, source=source.format(account="111122223333"))
        assert topic.refuses(foreign, "sns:Publish") == ["sns:Publish", "kms:Decrypt", "kms:GenerateDataKey"]


def test_rules_reach_the_queue_of_undelivered_events(production: Deployment) -> None:
    events, sqs = production.cloud.client("events"), production.cloud.client("sqs")
    rules = [rule["Arn"] for rule in events.list_rules()["Rules"] if "ExecutionStatus" in rule["Name"]]
    assert len(rules) == 2
    for rule in rules:
        (called,) = events.list_targets_by_rule(Rule=rule.rpartition("/")[2])["Targets"]
        arn = called["DeadLetterConfig"]["Arn"]
        url = sqs.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        queue = target(production, arn, attributes)
        assert queue.refuses(Caller(name="events.amazonaws.com", source=rule), "sqs:SendMessage") == []
        other = rule.rpartition("/")[0] + "/other"
        assert queue.refuses(Caller(name="events.amazonaws.com", source=other), "sqs:SendMessage") == [
            "sqs:SendMessage"
        ]
