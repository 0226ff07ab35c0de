"""Policies of buckets, topics, queues, keys and roles in CloudFormation."""

import json
from collections.abc import Callable
from typing import Any

from moto.iam.models import Role
from moto.kms.models import Key
from moto.s3.models import s3_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from local_cloud.cloudformation.resources import Resource
from local_cloud.core.patching import patch_attribute


def install() -> None:
    """Keep the policies of roles as text. Let an update change the policies of keys: moto updates no key."""
    patch_attribute(Key, "update_from_cloudformation_json", _with_its_policy)
    patch_attribute(Role, "put_policy", _as_text)


class BucketPolicy(Resource):
    """The policy of a bucket."""

    type_name = "AWS::S3::BucketPolicy"

    def create_in_service(self) -> None:
        """Set the policy."""
        bucket = s3_backends[self.account]["aws"].get_bucket(self.properties["Bucket"])
        bucket.policy = json.dumps(self.properties["PolicyDocument"]).encode()

    def remove_from_service(self) -> None:
        """Remove the policy, if the bucket still exists."""
        bucket = s3_backends[self.account]["aws"].buckets.get(self.properties["Bucket"])
        if bucket is not None:
            bucket.policy = None


class TopicPolicy(Resource):
    """The policy of topics."""

    type_name = "AWS::SNS::TopicPolicy"

    def create_in_service(self) -> None:
        """Set the policy, in place of the one that every topic begins with."""
        for arn in self.properties["Topics"]:
            topic = sns_backends[self.account][self.region].topics[arn]
            topic.policy = json.dumps(self.properties["PolicyDocument"])

    def remove_from_service(self) -> None:
        """Give the topics that still exist the policy that they began with."""
        backend = sns_backends[self.account][self.region]
        for topic in filter(None, map(backend.topics.get, self.properties["Topics"])):
            topic._policy_json = topic._create_default_topic_policy(self.region, self.account, topic.name)


class QueuePolicy(Resource):
    """The policy of queues."""

    type_name = "AWS::SQS::QueuePolicy"

    def create_in_service(self) -> None:
        """Set the policy."""
        self._set(json.dumps(self.properties["PolicyDocument"]))

    def remove_from_service(self) -> None:
        """Remove the policy from the queues that still exist."""
        self._set("")

    def _set(self, policy: str) -> None:
        queues = sqs_backends[self.account][self.region].queues
        for url in self.properties["Queues"]:
            queue = queues.get(url.rpartition("/")[2])
            if queue is not None:
                queue.policy = policy


def _with_its_policy(_original: Callable[..., Any]) -> object:
    def update_from_cloudformation_json(
        _model: object, /, *, original_resource: Key, cloudformation_json: dict[str, Any], **_place: object
    ) -> Key:
        original_resource.policy = json.dumps(cloudformation_json["Properties"]["KeyPolicy"])
        return original_resource

    return classmethod(update_from_cloudformation_json)


def _as_text(original: Callable[[Role, str, str], None]) -> Callable[[Role, str, object], None]:
    """Convert a policy within a role to text, as the rest of moto expects it."""

    def put_policy(self: Role, policy_name: str, policy_json: object) -> None:
        original(self, policy_name, policy_json if isinstance(policy_json, str) else json.dumps(policy_json))

    return put_policy
