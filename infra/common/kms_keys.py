"""The KMS keys: one for data and logs of the environment, one for its messages and undelivered events."""

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.common.nag import acknowledge

# AWS services that publish to the topic of outcomes and alarms, besides EventBridge. The CDK lets the rules of
# EventBridge in, without a condition: by the SNS guide, EventBridge supports none for encrypted topics.
PUBLISHERS = ("budgets", "cloudwatch")


def rotating_key(
    scope: Construct, construct_id: str, *, name: str, description: str, removal_policy: RemovalPolicy
) -> kms.Key:
    """Create a key that KMS rotates every year.

    Args:
        scope: The parent.
        construct_id: The id in it.
        name: Its alias, without `alias/`.
        description: The data that it encrypts.
        removal_policy: Deletes or keeps the key when its stack is deleted.
    """
    key = kms.Key(
        scope,
        construct_id,
        alias=f"alias/{name}",
        description=description,
        enable_key_rotation=True,
        pending_window=Duration.days(7 if removal_policy == RemovalPolicy.DESTROY else 30),
        removal_policy=removal_policy,
    )
    acknowledge(
        key,
        "parliament-RESOURCE_MISMATCH",
        reason="Policies of the account decide who may use the key. The kms:* of that includes what needs no key.",
    )
    return key


class EncryptionKey(Construct):
    """A rotating KMS key. Roles may use it by their own policies, CloudWatch Logs by the key's policy.

    Attributes:
        key: The key.
    """

    def __init__(self, scope: Construct, construct_id: str, *, name: str, removal_policy: RemovalPolicy) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        self.key = rotating_key(
            self,
            "Key",
            name=name,
            description=f"Demand, forecasts and logs of {name}",
            removal_policy=removal_policy,
        )
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AllowCloudWatchLogs",
                principals=[iam.ServicePrincipal(f"logs.{stack.region}.amazonaws.com")],
                actions=[
                    "kms:Decrypt",
                    "kms:Encrypt",
                    "kms:GenerateDataKey",
                    "kms:GenerateDataKeyWithoutPlaintext",
                    "kms:ReEncryptFrom",
                    "kms:ReEncryptTo",
                ],
                resources=["*"],
                conditions={
                    "ArnLike": {
                        "kms:EncryptionContext:aws:logs:arn": [
                            stack.format_arn(service="logs", resource=f"log-group:{prefix}{name}-*")
                            for prefix in ("", "/aws/vendedlogs/states/")
                        ]
                    }
                },
            )
        )
        acknowledge(
            self.key,
            "parliament-MISMATCHED_TYPE",
            reason="An encryption context has only texts. This one is an ARN, by the guide of CloudWatch Logs.",
        )


class MessagesKey(Construct):
    """A separate key for messages, so that alarms and notifications work even if the data key is disabled.

    Attributes:
        key: The key.
    """

    def __init__(self, scope: Construct, construct_id: str, *, name: str, removal_policy: RemovalPolicy) -> None:
        super().__init__(scope, construct_id)
        self.key: kms.Key = rotating_key(
            self,
            "Key",
            name=f"{name}-messages",
            description=f"Messages and undelivered events of {name}",
            removal_policy=removal_policy,
        )
        # Alarms and budgets publish to the encrypted topic.
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AllowPublishers",
                principals=[iam.ServicePrincipal(f"{name}.amazonaws.com") for name in PUBLISHERS],
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=["*"],
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            )
        )
