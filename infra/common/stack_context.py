"""Resources that the constructs of one stack share, as one argument."""

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
    """Resources that the constructs of one stack share.

    Attributes:
        settings: The environment.
        removal_policy: Deletes or keeps the logs when the stack is deleted.
        key: Key for data at rest: buckets, run registry, logs, environment variables of functions.
        messages_key: Key for the topic and the queues.
        topic: Topic of outcomes and alarms.
        undelivered: Queue of the events that AWS could not deliver.
    """

    settings: Settings
    removal_policy: RemovalPolicy
    key: kms.IKey
    messages_key: kms.IKey
    topic: sns.ITopic
    undelivered: DeadLetterQueue

    @property
    def name(self) -> str:
        """Name of the deployment, which prefixes the name of every resource."""
        return self.settings.name

    def log_group(self, scope: Construct, construct_id: str, *, name: str | None = None) -> logs.ILogGroup:
        """Create an encrypted log group with the environment's retention.

        Args:
            scope: The parent.
            construct_id: The id in it.
            name: Name of the log group; CloudFormation chooses one if None.
        """
        return LogGroup(
            scope,
            construct_id,
            name=name,
            key=self.key,
            days=self.settings.retention.log_days,
            removal_policy=self.removal_policy,
        ).log_group
