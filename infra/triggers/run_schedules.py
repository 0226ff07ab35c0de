"""Starts runs by the clock of the environment's time zone, and keeps what could not be started."""

from functools import partial

from aws_cdk import aws_kms as kms
from aws_cdk import aws_scheduler_targets as targets
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.common.dead_letter_queue import DeadLetterQueue
from infra.common.nag import acknowledge
from infra.settings.environment import ScheduleSettings
from infra.triggers.schedule import Clock


class WeeklySchedule(Construct):
    """The schedule, that of forecasts in between if there is one, and the queue of the starts they had to give up.

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
        topic: sns.ITopic,
    ) -> None:
        super().__init__(scope, construct_id)
        missed = DeadLetterQueue(
            self,
            "MissedStarts",
            name=f"{name}-missed-starts",
            alarm_name=f"{name}-missed-start",
            what_to_do="A scheduled run was not started; start it by hand with the input in the queue's message",
            key=key,
            topic=topic,
        )
        acknowledge(missed.queue, "AwsSolutions-SQS3", "It is the dead-letter queue, of a schedule.")
        Clock(
            self,
            "Default",
            name=f"{name}-weekly",
            purpose=f"Starts {name}'s run for the last complete period",
            settings=settings,
            cron=settings.cron,
            target=partial(targets.StepFunctionsStartExecution, state_machine),
            undelivered=missed,
        )
        if settings.infer_cron is not None:
            Clock(
                self,
                "Daily",
                name=f"{name}-daily",
                purpose=f"Forecasts anew with {name}'s published model, where demand has changed",
                settings=settings,
                cron=settings.infer_cron,
                target=partial(targets.StepFunctionsStartExecution, state_machine),
                undelivered=missed,
                given={"mode": "infer"},
            )
        self.missed = missed.alarm
