"""Rings when the run that is due is not published by a time of day."""

from functools import partial

from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler_targets as targets
from constructs import Construct

from infra.common.nag import acknowledge_wildcard
from infra.common.stack_context import StackContext
from infra.triggers.schedule import Clock, ClockProps


class Deadline(Construct):
    """A schedule, in the same time zone as that of the runs, that has a function look into the registry."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        context: StackContext,
        cron: str,
        check_deadline: lambda_.IFunction,
    ) -> None:
        super().__init__(scope, construct_id)
        clock = Clock(
            self,
            "Default",
            context=context,
            props=ClockProps(
                name="deadline",
                purpose=f"Looks whether the run of {context.name} that is due is published",
                cron=cron,
                target=partial(targets.LambdaInvoke, check_deadline),
                undelivered=context.undelivered,
            ),
        )
        acknowledge_wildcard(clock.role, f"{check_deadline.function_arn}:*", "The versions of this one function.")
