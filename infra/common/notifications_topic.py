"""The topic of outcomes and alarms."""

from collections.abc import Sequence

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.common.kms_keys import PUBLISHERS


class OutcomesTopic(Construct):
    """An encrypted, TLS-only topic with e-mail subscriptions.

    Attributes:
        topic: The topic.
    """

    def __init__(self, scope: Construct, construct_id: str, *, name: str, key: kms.IKey, emails: Sequence[str]) -> None:
        super().__init__(scope, construct_id)
        self.topic = sns.Topic(self, "Topic", topic_name=name, display_name=name, master_key=key, enforce_ssl=True)
        for email in emails:
            self.topic.add_subscription(subscriptions.EmailSubscription(email))
        # A custom policy replaces the default policy, so it must also list the other publishers.
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AllowPublishers",
                principals=[iam.ServicePrincipal(f"{service}.amazonaws.com") for service in PUBLISHERS],
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            )
        )
