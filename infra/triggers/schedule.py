"""What happens by the clock of the environment's time zone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from aws_cdk import Duration, Stack, TimeZone
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from infra.common.dead_letter_queue import DeadLetterQueue
from infra.common.nag import acknowledge_inline_policy
from infra.common.stack_context import StackContext

# EventBridge tries a failed call again within the hour; after that an operator decides.
RETRIES = 5
GIVE_UP_AFTER = Duration.hours(1)


@dataclass(frozen=True, kw_only=True)
class ClockProps:
    """What differs between schedules.

    Attributes:
        name: The schedule's name, after the deployment's.
        purpose: What it does, as its description says.
        cron: When, in the environment's time zone.
        target: Makes the target, from the arguments that every target here has.
        undelivered: Keeps the calls that EventBridge gave up.
        given: Input of the target, beside the time.
    """

    name: str
    purpose: str
    cron: str
    target: Callable[..., scheduler.IScheduleTarget]
    undelivered: DeadLetterQueue
    given: Mapping[str, str] = field(default_factory=dict)


class Clock(Construct):
    """A schedule and its role, named by the construct they are made for where this one's id is `Default`.

    The target hears of the time that was *meant*: a call that comes late, or twice, means the same.

    Attributes:
        role: What the schedule acts as.
    """

    def __init__(self, scope: Construct, construct_id: str, *, context: StackContext, props: ClockProps) -> None:
        """Create the schedule.

        Args:
            scope: The parent.
            construct_id: The id in it.
            context: What the stack's constructs share; its settings have the time zone and enable all schedules.
            props: What differs from other schedules.
        """
        super().__init__(scope, construct_id)
        settings = context.settings.schedule
        self.role = self._make_role(props)
        scheduler.Schedule(
            self,
            "Schedule",
            schedule_name=f"{context.name}-{props.name}",
            description=props.purpose,
            enabled=settings.enabled,
            schedule=scheduler.ScheduleExpression.expression(f"cron({props.cron})", TimeZone.of(settings.time_zone)),
            target=props.target(
                role=self.role,
                input=scheduler.ScheduleTargetInput.from_object(
                    {**props.given, "scheduled_time": scheduler.ContextAttribute.scheduled_time}
                ),
                retry_attempts=RETRIES,
                max_event_age=GIVE_UP_AFTER,
                dead_letter_queue=props.undelivered.queue,
            ),
        )

    def _make_role(self, props: ClockProps) -> iam.Role:
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                "scheduler.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}}
            ),
            description=props.purpose,
        )
        props.undelivered.grant_key(role)
        acknowledge_inline_policy(role)
        return role
