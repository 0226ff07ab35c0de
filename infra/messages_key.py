"""The key that encrypts what operators are told, and what could not be delivered."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.encryption_key import rotating_key


class MessagesKey(Construct):
    """A key apart from that of the data: should that one be disabled, somebody must still hear of it.

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
        # Alarms publish to the encrypted topic under their own name.
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsToTheTopic",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=["*"],
            )
        )
