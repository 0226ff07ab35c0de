"""Rings when the run that is due is not published by a time of day."""

from aws_cdk import Duration, Stack, TimeZone
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as targets
from constructs import Construct

from infra.nag import acknowledge_wildcard
from infra.settings import ScheduleSettings

RETRIES = 5
GIVE_UP_AFTER = Duration.hours(1)


class Deadline(Construct):
    """A second schedule, in the same time zone, that has the registry looked at."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        settings: ScheduleSettings,
        cron: str,
        check_late: lambda_.IFunction,
    ) -> None:
        super().__init__(scope, construct_id)
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                "scheduler.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}}
            ),
            description=f"Looks whether the run of {name} is late",
        )
        scheduler.Schedule(
            self,
            "Schedule",
            schedule_name=f"{name}-deadline",
            description=f"Looks whether the run of {name} that is due is published",
            enabled=settings.enabled,
            schedule=scheduler.ScheduleExpression.expression(f"cron({cron})", TimeZone.of(settings.time_zone)),
            target=targets.LambdaInvoke(
                check_late,
                role=role,
                input=scheduler.ScheduleTargetInput.from_object(
                    {"scheduled_time": scheduler.ContextAttribute.scheduled_time}
                ),
                retry_attempts=RETRIES,
                max_event_age=GIVE_UP_AFTER,
            ),
        )
        acknowledge_wildcard(role, f"{check_late.function_arn}:*", "The versions of this one function.")
