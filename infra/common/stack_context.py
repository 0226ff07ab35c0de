"""What the constructs of one stack share, so that no constructor asks for each of it."""

from dataclasses import dataclass

from aws_cdk import RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.common.dead_letter_queue import DeadLetterQueue
from infra.common.log_group import LogGroup
from infra.settings.environment import Settings


@dataclass(frozen=True, kw_only=True)
class StackContext:
    """What the constructs of one stack share.

    Attributes:
        settings: The environment.
        removal_policy: What CloudFormation does with the logs when it deletes the stack.
        key: Encrypts data at rest: buckets, run registry, logs, variables of functions.
        messages_key: Encrypts the topic and the queues.
        topic: Announces outcomes and alarms.
        undelivered: Keeps the events that AWS could not deliver.
    """

    settings: Settings
    removal_policy: RemovalPolicy
    key: kms.IKey
    messages_key: kms.IKey
    topic: sns.ITopic
    undelivered: DeadLetterQueue

    @property
    def name(self) -> str:
        """Name of the deployment, which begins the name of every resource."""
        return self.settings.name

    def log_group(self, scope: Construct, construct_id: str, *, name: str | None = None) -> logs.ILogGroup:
        """Make an encrypted log group that keeps its events as long as the environment says.

        Args:
            scope: The parent.
            construct_id: The id in it.
            name: Name of the log group; CloudFormation chooses one where it is absent.
        """
        return LogGroup(
            scope,
            construct_id,
            name=name,
            key=self.key,
            days=self.settings.retention.log_days,
            removal_policy=self.removal_policy,
        ).log_group
