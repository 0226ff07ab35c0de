"""Services of AWS reach a topic, a queue or a key only if its policy lets them in, with the context that they send."""

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_cloud import LocalCloud, wait_for_execution
from local_cloud.tests.iam.policies import for_principal, policy

EVENTS = {"Service": "events.amazonaws.com"}
SNS = {"Service": "sns.amazonaws.com"}
NOBODY = {"AWS": "arn:aws:iam::123456789012:role/nobody"}
_NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def strict() -> Iterator[LocalCloud]:
    with LocalCloud(time_scale=0.01) as cloud:
        yield cloud


def queue_of(cloud: LocalCloud, *, key: str = "", **policies: str) -> tuple[str, str]:
    """Create a queue. Return its URL and its ARN."""
    attributes: Any = {**policies, **({"KmsMasterKeyId": key} if key else {})}
    name = f"queue-{next(_NUMBERS)}"
    url = cloud.client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return url, f"arn:aws:sqs:{cloud.region}:{cloud.account}:{name}"


def key_for(cloud: LocalCloud, *statements: dict[str, Any]) -> str:
    """Create a key that the account may use, with further statements in its policy."""
    account = {"Principal": {"AWS": f"arn:aws:iam::{cloud.account}:root"}}
    return cloud.client("kms").create_key(Policy=policy(account, *statements))["KeyMetadata"]["Arn"]


def topic_of(cloud: LocalCloud, **attributes: str) -> str:
    made = cloud.client("sns").create_topic(Name=f"topic-{next(_NUMBERS)}", Attributes=attributes)
    return str(made["TopicArn"])


def bodies(cloud: LocalCloud, url: str, *, seconds: int) -> list[dict[str, Any]]:
    received = cloud.client("sqs").receive_message(
        QueueUrl=url, WaitTimeSeconds=seconds, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
    )
    return [dict(message) for message in received.get("Messages", [])]


@pytest.mark.parametrize(
    ("of_queue", "of_key", "arrives"),
    [
        (None, None, False),
        (for_principal(SNS), None, True),
        (for_principal(SNS, Condition={"ArnEquals": {"aws:SourceArn": "arn:aws:sns:*:*:topic-*"}}), None, True),
        (for_principal(SNS, Condition={"ArnEquals": {"aws:SourceArn": "arn:aws:sns:*:*:other"}}), None, False),
        (for_principal(SNS), {"Principal": NOBODY}, False),
        (for_principal(SNS), {"Principal": SNS, "Action": ["kms:Decrypt", "kms:GenerateDataKey"]}, True),
    ],
)
def test_a_topic_reaches_a_queue_that_lets_it_in(
    strict: LocalCloud, of_queue: str | None, of_key: dict[str, Any] | None, arrives: bool
) -> None:
    key = key_for(strict, of_key) if of_key else ""
    url, arn = queue_of(strict, key=key, **({"Policy": of_queue} if of_queue else {}))
    topic = topic_of(strict)
    strict.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    strict.client("sns").publish(TopicArn=topic, Message="done")  # moto delivers before it answers
    assert len(bodies(strict, url, seconds=0)) == int(arrives)


def end_an_execution(cloud: LocalCloud, target: str, dead_letters: str) -> None:
    """End an execution while a rule sends its end to a target."""
    number = next(_NUMBERS)
    role = cloud.client("iam").create_role(RoleName=f"machine-{number}", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    definition = {"StartAt": "Only", "States": {"Only": {"Type": "Pass", "End": True}}}
    machines, events = cloud.client("stepfunctions"), cloud.client("events")
    machine = machines.create_state_machine(name=f"machine-{number}", definition=json.dumps(definition), roleArn=role)[
        "stateMachineArn"
    ]
    pattern = {"source": ["aws.states"], "detail": {"stateMachineArn": [machine]}}
    events.put_rule(Name=f"rule-{number}", EventPattern=json.dumps(pattern))
    config: Any = {"Id": "1", "Arn": target, "DeadLetterConfig": {"Arn": dead_letters}}
    events.put_targets(Rule=f"rule-{number}", Targets=[config])
    wait_for_execution(cloud.client, machines.start_execution(stateMachineArn=machine)["executionArn"], seconds=30)


@pytest.mark.parametrize(
    ("of_topic", "of_key", "arrives"),
    [
        (for_principal(EVENTS), {"Principal": EVENTS}, True),
        (for_principal(SNS), {"Principal": EVENTS}, False),
        (for_principal(EVENTS), {"Principal": SNS}, False),
        # EventBridge does not tell SNS or the topic's key for which account it calls.
        (for_principal(EVENTS, Condition={"StringEquals": {"aws:SourceAccount": "123456789012"}}), None, False),
        (
            for_principal(EVENTS),
            {"Principal": EVENTS, "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}}},
            False,
        ),
    ],
)
def test_a_rule_reaches_a_topic_that_lets_it_in(
    strict: LocalCloud, of_topic: str, of_key: dict[str, Any] | None, arrives: bool
) -> None:
    topic = topic_of(strict, Policy=of_topic, **({"KmsMasterKeyId": key_for(strict, of_key)} if of_key else {}))
    subscribed, arn = queue_of(strict, Policy=for_principal(SNS))
    strict.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    dead, dead_arn = queue_of(strict, Policy=for_principal(EVENTS))
    end_an_execution(strict, topic, dead_arn)
    if arrives:
        assert len(bodies(strict, subscribed, seconds=10)) == 1
        assert bodies(strict, dead, seconds=0) == []
    else:
        (lost,) = bodies(strict, dead, seconds=10)
        assert json.loads(lost["Body"])["detail"]["status"] == "SUCCEEDED"
        assert lost["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"
        assert lost["MessageAttributes"]["TARGET_ARN"]["StringValue"] == topic
        assert bodies(strict, subscribed, seconds=0) == []


def test_a_rule_tells_a_queue_its_arn(strict: LocalCloud) -> None:
    own = {"ArnLike": {"aws:SourceArn": f"arn:aws:events:{strict.region}:{strict.account}:rule/rule-*"}}
    url, arn = queue_of(strict, Policy=for_principal(EVENTS, Condition=own))
    other, other_arn = queue_of(strict)
    end_an_execution(strict, other_arn, arn)
    (lost,) = bodies(strict, url, seconds=10)
    assert lost["MessageAttributes"]["TARGET_ARN"]["StringValue"] == other_arn
    assert bodies(strict, other, seconds=0) == []


def test_a_log_group_needs_a_key_that_lets_logs_in(strict: LocalCloud) -> None:
    logs, service = strict.client("logs"), {"Service": f"logs.{strict.region}.amazonaws.com"}
    groups = f"arn:aws:logs:{strict.region}:{strict.account}:log-group:own-*"
    limited = {"Principal": service, "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}}}
    logs.create_log_group(logGroupName="own-1", kmsKeyId=key_for(strict, limited))
    for name, key in (("other-1", key_for(strict, limited)), ("own-2", key_for(strict))):
        with pytest.raises(ClientError, match=r"not allowed to be used with Arn .*: its policy must allow kms:Encrypt"):
            logs.create_log_group(logGroupName=name, kmsKeyId=key)


def test_the_policy_of_a_bucket_also_refuses_the_user(strict: LocalCloud) -> None:
    s3 = strict.client("s3")
    s3.create_bucket(Bucket="guarded", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    document = for_principal("*", Effect="Deny", Action="s3:PutObject", Resource="arn:aws:s3:::guarded/closed/*")
    s3.put_bucket_policy(Bucket="guarded", Policy=document)
    s3.put_object(Bucket="guarded", Key="open/a", Body=b"")
    with pytest.raises(ClientError, match=r"AccessDenied.*s3:PutObject on resource: arn:aws:s3:::guarded/closed/a"):
        s3.put_object(Bucket="guarded", Key="closed/a", Body=b"")
    header = {"StringEquals": {"s3:x-amz-server-side-encryption": "AES256"}}
    s3.put_bucket_policy(Bucket="guarded", Policy=for_principal("*", Effect="Deny", Condition=header))
    s3.put_object(Bucket="guarded", Key="closed/a", Body=b"")
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_object(Bucket="guarded", Key="closed/a", Body=b"", ServerSideEncryption="AES256")


def test_a_condition_that_the_cloud_does_not_know_is_an_error(strict: LocalCloud) -> None:
    s3 = strict.client("s3")
    s3.create_bucket(Bucket="unknown", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    document = for_principal("*", Effect="Deny", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})
    s3.put_bucket_policy(Bucket="unknown", Policy=document)
    with pytest.raises(ClientError, match=r"NotImplemented.*does not support the condition key aws:sourceip"):
        s3.put_object(Bucket="unknown", Key="a", Body=b"")
