"""Where a message waits that AWS gave up delivering, and the alarm that says so."""

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.common.threshold_alarm import threshold_alarm

# As long as SQS keeps a message at all.
KEPT = Duration.days(14)


class DeadLetterQueue(Construct):
    """An encrypted, TLS-only queue that rings as long as something is in it.

    Attributes:
        queue: The queue.
        alarm: The alarm.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        alarm_name: str,
        what_to_do: str,
        key: kms.IKey,
        topic: sns.ITopic,
    ) -> None:
        """Creates queue and alarm.

        Args:
            scope: The parent.
            construct_id: The queue's id in it.
            name: The queue's name.
            alarm_name: The alarm's name.
            what_to_do: What the alarm says.
            key: Encrypts the messages.
            topic: Hears of the alarm.
        """
        super().__init__(scope, construct_id)
        self._key = key
        self.queue = sqs.Queue(
            self,
            # Adds nothing to the logical id, which is this construct's own: a queue with another id is another queue.
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
            what_to_do=what_to_do,
            metric=self.queue.metric_approximate_number_of_messages_visible(
                period=Duration.minutes(5), statistic="Maximum"
            ),
            threshold=1,
            topic=topic,
        )

    def grant_key(self, role: iam.IRole) -> None:
        """Lets a role that may send to the queue encrypt what it sends."""
        role.add_to_principal_policy(
            iam.PolicyStatement(
                sid="UseTheQueuesKey", actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[self._key.key_arn]
            )
        )
