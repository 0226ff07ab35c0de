"""Rings when the run that is due is not published by a time of day."""

from functools import partial

from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler_targets as targets
from constructs import Construct

from infra.common.dead_letter_queue import DeadLetterQueue
from infra.common.nag import acknowledge_wildcard
from infra.settings.environment import ScheduleSettings
from infra.triggers.schedule import Clock


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
        undelivered: DeadLetterQueue,
    ) -> None:
        super().__init__(scope, construct_id)
        clock = Clock(
            self,
            "Default",
            name=f"{name}-deadline",
            purpose=f"Looks whether the run of {name} that is due is published",
            settings=settings,
            cron=cron,
            target=partial(targets.LambdaInvoke, check_late),
            undelivered=undelivered,
        )
        acknowledge_wildcard(clock.role, f"{check_late.function_arn}:*", "The versions of this one function.")
