"""The schedule of the deadline check: CheckDeadline notifies operators if the run that is due is not published."""

from functools import partial

from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler_targets as targets
from constructs import Construct

from infra.common.nag import acknowledge_wildcard
from infra.common.stack_context import StackContext
from infra.triggers.schedule import ScheduledTarget, ScheduleProps


class Deadline(Construct):
    """A schedule that calls CheckDeadline, in the time zone of the run schedules."""

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
        schedule = ScheduledTarget(
            self,
            "Default",
            context=context,
            props=ScheduleProps(
                name="deadline",
                purpose=f"Checks that the run of {context.name} that is due is published",
                cron=cron,
                target=partial(targets.LambdaInvoke, check_deadline),
                undelivered=context.undelivered,
            ),
        )
        acknowledge_wildcard(schedule.role, f"{check_deadline.function_arn}:*", "All versions of this one function.")
