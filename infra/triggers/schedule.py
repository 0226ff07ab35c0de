"""EventBridge schedules in the environment's time zone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from aws_cdk import Duration, Stack, TimeZone
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from infra.common.dead_letter_queue import DeadLetterQueue
from infra.common.nag import acknowledge_inline_policy
from infra.common.stack_context import StackContext

# EventBridge retries a failed call within one hour. After that the call goes to a queue and an operator decides.
RETRIES = 5
GIVE_UP_AFTER = Duration.hours(1)


@dataclass(frozen=True, kw_only=True)
class ScheduleProps:
    """Properties in which schedules differ.

    Attributes:
        name: Suffix of the schedule's name, after the deployment's.
        purpose: Description of the schedule and its role.
        cron: EventBridge's six fields, in the environment's time zone.
        target: Creates the target from the arguments that every target here has.
        undelivered: Queue of the calls that EventBridge could not deliver.
        extra_input: Input of the target, in addition to the scheduled time.
    """

    name: str
    purpose: str
    cron: str
    target: Callable[..., scheduler.IScheduleTarget]
    undelivered: DeadLetterQueue
    extra_input: Mapping[str, str] = field(default_factory=dict)


class ScheduledTarget(Construct):
    """A schedule and its role. With the id `Default`, both get their logical ids from the parent construct.

    The target gets the scheduled time, not the time of the call. A call that is late or repeated has the same input.

    Attributes:
        role: Role that the schedule assumes.
    """

    def __init__(self, scope: Construct, construct_id: str, *, context: StackContext, props: ScheduleProps) -> None:
        """Create the schedule.

        Args:
            scope: The parent.
            construct_id: The id in it.
            context: Shared resources of the stack; its settings have the time zone and enable all schedules.
            props: Properties of this schedule.
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
                    {**props.extra_input, "scheduled_time": scheduler.ContextAttribute.scheduled_time}
                ),
                retry_attempts=RETRIES,
                max_event_age=GIVE_UP_AFTER,
                dead_letter_queue=props.undelivered.queue,
            ),
        )

    def _make_role(self, props: ScheduleProps) -> iam.Role:
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
