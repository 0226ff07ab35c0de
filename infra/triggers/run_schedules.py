"""Starts runs by the clock of the environment's time zone, and keeps what could not be started."""

from dataclasses import replace
from functools import partial

from aws_cdk import aws_scheduler_targets as targets
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.common.dead_letter_queue import DeadLetterQueue
from infra.common.nag import acknowledge
from infra.common.stack_context import StackContext
from infra.triggers.schedule import Clock, ClockProps


class RunSchedules(Construct):
    """The schedule, that of forecasts in between if there is one, and the queue of the starts they had to give up.

    Attributes:
        missed: Alarm that a start was given up.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, context: StackContext, state_machine: sfn.IStateMachine
    ) -> None:
        super().__init__(scope, construct_id)
        settings = context.settings.schedule
        missed = self._missed_starts(context)
        weekly = ClockProps(
            name="weekly",
            purpose=f"Starts {context.name}'s run for the last complete period",
            cron=settings.cron,
            target=partial(targets.StepFunctionsStartExecution, state_machine),
            undelivered=missed,
        )
        Clock(self, "Default", context=context, props=weekly)
        if settings.infer_cron is not None:
            daily = replace(
                weekly,
                name="daily",
                purpose=f"Forecasts anew with {context.name}'s published model, where demand has changed",
                cron=settings.infer_cron,
                given={"mode": "infer"},
            )
            Clock(self, "Daily", context=context, props=daily)
        self.missed = missed.alarm

    def _missed_starts(self, context: StackContext) -> DeadLetterQueue:
        missed = DeadLetterQueue(
            self,
            "MissedStarts",
            name=f"{context.name}-missed-starts",
            alarm_name=f"{context.name}-missed-start",
            what_to_do="A scheduled run was not started; start it by hand with the input in the queue's message",
            key=context.messages_key,
            topic=context.topic,
        )
        acknowledge(missed.queue, "AwsSolutions-SQS3", "It is the dead-letter queue, of a schedule.")
        return missed
