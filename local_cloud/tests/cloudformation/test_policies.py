"""CloudFormation sets, changes and removes the policies of buckets, topics, queues and keys."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_cloud import LocalCloud
from local_cloud.tests.iam.policies import policy

STACK = "policies"
ROOT = {"AWS": "arn:aws:iam::123456789012:root"}


def template(action: str, *, policies: bool = True) -> str:
    document = json.loads(policy({"Principal": ROOT, "Action": action}))
    resources: dict[str, Any] = {
        "Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": document}},
        "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "with-policy"}},
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "with-policy"}},
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "with-policy"}},
    }
    of_resources: dict[str, tuple[str, dict[str, Any]]] = {
        "BucketPolicy": ("AWS::S3::BucketPolicy", {"Bucket": {"Ref": "Bucket"}}),
        "TopicPolicy": ("AWS::SNS::TopicPolicy", {"Topics": [{"Ref": "Topic"}]}),
        "QueuePolicy": ("AWS::SQS::QueuePolicy", {"Queues": [{"Ref": "Queue"}]}),
    }
    if policies:
        for name, (kind, properties) in of_resources.items():
            resources[name] = {"Type": kind, "Properties": {**properties, "PolicyDocument": document}}
    return json.dumps({"Resources": resources, "Outputs": {"Key": {"Value": {"Ref": "Key"}}}})


def actions(cloud: LocalCloud) -> dict[str, str | None]:
    """Return the action in the policy of each resource; None for a resource without a policy."""
    stack = cloud.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
    key = stack["Outputs"][0]["OutputValue"]
    topic = f"arn:aws:sns:{cloud.region}:{cloud.account}:with-policy"
    queue = cloud.client("sqs").get_queue_url(QueueName="with-policy")["QueueUrl"]
    texts: dict[str, str | None] = {
        "key": cloud.client("kms").get_key_policy(KeyId=key, PolicyName="default")["Policy"],
        "topic": cloud.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"],
        "queue": cloud.client("sqs")
        .get_queue_attributes(QueueUrl=queue, AttributeNames=["Policy"])
        .get("Attributes", {})
        .get("Policy"),
    }
    try:
        texts["bucket"] = cloud.client("s3").get_bucket_policy(Bucket="with-policy")["Policy"]
    except ClientError:
        texts["bucket"] = None
    return {name: json.loads(text)["Statement"][0]["Action"] if text else None for name, text in texts.items()}


def test_policies_follow_the_stack(cloud: LocalCloud) -> None:
    stacks = cloud.client("cloudformation")
    stacks.create_stack(StackName=STACK, TemplateBody=template("*"))
    assert actions(cloud) == dict.fromkeys(("key", "topic", "queue", "bucket"), "*")
    stacks.update_stack(StackName=STACK, TemplateBody=template("kms:*"))
    assert actions(cloud) == dict.fromkeys(("key", "topic", "queue", "bucket"), "kms:*")
    stacks.update_stack(StackName=STACK, TemplateBody=template("kms:*", policies=False))
    removed = actions(cloud)
    assert (removed["queue"], removed["bucket"]) == (None, None)
    assert "SNS:Publish" in (removed["topic"] or "")  # the policy that every topic begins with
    stacks.delete_stack(StackName=STACK)
    with pytest.raises(ClientError):
        cloud.client("s3").head_bucket(Bucket="with-policy")
