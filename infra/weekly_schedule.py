"""Starts a run by the clock of the environment's time zone, and keeps what could not be started."""

from aws_cdk import Duration, Stack, TimeZone
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as targets
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.nag import acknowledge
from infra.settings import ScheduleSettings

# A start that fails is tried again within the hour; after that an operator decides.
RETRIES = 5
GIVE_UP_AFTER = Duration.hours(1)
KEEP_MISSED_STARTS = Duration.days(14)


class WeeklySchedule(Construct):
    """The schedule, its role, and the queue of the starts it had to give up.

    The execution's input is the time that was *meant*: a start that comes late, or twice, plans the same run.

    Attributes:
        missed: Alarm that a start was given up.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        settings: ScheduleSettings,
        state_machine: sfn.IStateMachine,
        key: kms.IKey,
    ) -> None:
        super().__init__(scope, construct_id)
        queue = sqs.Queue(
            self,
            "MissedStarts",
            queue_name=f"{name}-missed-starts",
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=key,
            enforce_ssl=True,
            retention_period=KEEP_MISSED_STARTS,
        )
        acknowledge(queue, "AwsSolutions-SQS3", "It is the dead-letter queue.")
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                "scheduler.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}}
            ),
            description=f"Starts the scheduled runs of {name}",
        )
        role.add_to_policy(
            iam.PolicyStatement(
                sid="UseTheQueuesKey", actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[key.key_arn]
            )
        )
        scheduler.Schedule(
            self,
            "Schedule",
            schedule_name=f"{name}-weekly",
            description=f"Starts {name}'s run for the last complete period",
            enabled=settings.enabled,
            schedule=scheduler.ScheduleExpression.expression(f"cron({settings.cron})", TimeZone.of(settings.time_zone)),
            target=targets.StepFunctionsStartExecution(
                state_machine,
                role=role,
                input=scheduler.ScheduleTargetInput.from_object(
                    {"scheduled_time": scheduler.ContextAttribute.scheduled_time}
                ),
                retry_attempts=RETRIES,
                max_event_age=GIVE_UP_AFTER,
                dead_letter_queue=queue,
            ),
        )
        self.missed = cloudwatch.Alarm(
            self,
            "Missed",
            alarm_name=f"{name}-missed-start",
            alarm_description="A scheduled run was not started; start it by hand with the input in the queue's message",
            metric=queue.metric_approximate_number_of_messages_visible(period=Duration.minutes(5), statistic="Maximum"),
            threshold=1,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
