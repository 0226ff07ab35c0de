"""What happens by the clock of the environment's time zone."""

from collections.abc import Callable, Mapping

from aws_cdk import Duration, Stack, TimeZone
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from infra.common.dead_letter_queue import DeadLetterQueue
from infra.common.nag import acknowledge_inline_policy
from infra.settings.environment import ScheduleSettings

# What fails is tried again within the hour; after that an operator decides.
RETRIES = 5
GIVE_UP_AFTER = Duration.hours(1)


class Clock(Construct):
    """A schedule and its role, named by the construct they are made for where this one's id is `Default`.

    The target hears of the time that was *meant*: a call that comes late, or twice, means the same.

    Attributes:
        role: What the schedule acts as.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        purpose: str,
        settings: ScheduleSettings,
        cron: str,
        target: Callable[..., scheduler.IScheduleTarget],
        undelivered: DeadLetterQueue,
        given: Mapping[str, str] | None = None,
    ) -> None:
        """Creates the schedule.

        Args:
            scope: The parent.
            construct_id: The id in it.
            name: The schedule's name.
            purpose: What it does, as its description says.
            settings: Time zone, and whether anything happens by itself.
            cron: When.
            target: Makes the target, given what every target here has.
            undelivered: What could not be delivered.
            given: What the target is told beside the time.
        """
        super().__init__(scope, construct_id)
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                "scheduler.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}}
            ),
            description=purpose,
        )
        undelivered.grant_key(self.role)
        acknowledge_inline_policy(self.role)
        scheduler.Schedule(
            self,
            "Schedule",
            schedule_name=name,
            description=purpose,
            enabled=settings.enabled,
            schedule=scheduler.ScheduleExpression.expression(f"cron({cron})", TimeZone.of(settings.time_zone)),
            target=target(
                role=self.role,
                input=scheduler.ScheduleTargetInput.from_object(
                    {**(given or {}), "scheduled_time": scheduler.ContextAttribute.scheduled_time}
                ),
                retry_attempts=RETRIES,
                max_event_age=GIVE_UP_AFTER,
                dead_letter_queue=undelivered.queue,
            ),
        )
