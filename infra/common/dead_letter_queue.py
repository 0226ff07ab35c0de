"""The queue that keeps messages AWS could not deliver, with its alarm."""

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.common.threshold_alarm import threshold_alarm

# The longest retention that SQS offers.
KEPT = Duration.days(14)


class DeadLetterQueue(Construct):
    """An encrypted, TLS-only queue and its alarm.

    Attributes:
        queue: The queue.
        alarm: Stays in ALARM as long as the queue has a message.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        alarm_name: str,
        alarm_description: str,
        key: kms.IKey,
        topic: sns.ITopic,
    ) -> None:
        """Create the queue and the alarm.

        Args:
            scope: The parent.
            construct_id: The queue's id in it.
            name: The queue's name.
            alarm_name: The alarm's name.
            alarm_description: Text for operators: what happened and what to do.
            key: Key that encrypts the messages.
            topic: Topic that the alarm notifies.
        """
        super().__init__(scope, construct_id)
        self._key = key
        self.queue = sqs.Queue(
            self,
            # "Default" adds nothing to the logical id. With another logical id CloudFormation replaces the queue.
            "Default",
            queue_name=name,
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=key,
            enforce_ssl=True,
            retention_period=KEPT,
        )
        self.alarm = threshold_alarm(
            self,
            "Alarm",
            name=alarm_name,
            description=alarm_description,
            metric=self.queue.metric_approximate_number_of_messages_visible(
                period=Duration.minutes(5), statistic="Maximum"
            ),
            threshold=1,
            topic=topic,
        )

    def grant_key(self, role: iam.IRole) -> None:
        """Allow a role that may send to the queue to encrypt its messages."""
        role.add_to_principal_policy(
            iam.PolicyStatement(
                sid="UseQueueKey", actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[self._key.key_arn]
            )
        )
