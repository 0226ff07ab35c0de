"""The schedules that start runs, and the queue of starts that failed."""

from dataclasses import replace
from functools import partial

from aws_cdk import aws_scheduler_targets as targets
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.common.dead_letter_queue import DeadLetterQueue
from infra.common.nag import acknowledge
from infra.common.stack_context import StackContext
from infra.triggers.schedule import ScheduledTarget, ScheduleProps


class RunSchedules(Construct):
    """The schedule of training runs, the optional schedule of inference runs, and the queue of missed starts.

    Attributes:
        missed: Alarm on missed starts.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, context: StackContext, state_machine: sfn.IStateMachine
    ) -> None:
        super().__init__(scope, construct_id)
        settings = context.settings.schedule
        missed = self._missed_starts(context)
        weekly = ScheduleProps(
            name="weekly",
            purpose=f"Starts the run of {context.name} for the last complete period",
            cron=settings.cron,
            target=partial(targets.StepFunctionsStartExecution, state_machine),
            undelivered=missed,
        )
        ScheduledTarget(self, "Default", context=context, props=weekly)
        if settings.infer_cron is not None:
            daily = replace(
                weekly,
                name="daily",
                purpose=f"Forecasts with the published model of {context.name} if demand has changed",
                cron=settings.infer_cron,
                extra_input={"mode": "infer"},
            )
            ScheduledTarget(self, "Daily", context=context, props=daily)
        self.missed = missed.alarm

    def _missed_starts(self, context: StackContext) -> DeadLetterQueue:
        missed = DeadLetterQueue(
            self,
            "MissedStarts",
            name=f"{context.name}-missed-starts",
            alarm_name=f"{context.name}-missed-start",
            alarm_description="A scheduled run did not start. Start it by hand with the input in the queue's message.",
            key=context.messages_key,
            topic=context.topic,
        )
        acknowledge(
            missed.queue, "AwsSolutions-SQS3", reason="The queue is itself the dead-letter queue of a schedule."
        )
        return missed
