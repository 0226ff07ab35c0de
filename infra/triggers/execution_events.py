"""Hears of executions that ended without passing through their own failure path."""

from collections.abc import Mapping
from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.common.dead_letter_queue import DeadLetterQueue
from infra.workflow.failure_path import PARENT

# Step Functions catches neither of these with States.ALL.
UNCAUGHT_ERRORS = ["States.Runtime", "States.DataLimitExceeded"]
SILENTLY: Mapping[str, Any] = {
    "$or": [{"status": ["ABORTED", "TIMED_OUT"]}, {"status": ["FAILED"], "error": UNCAUGHT_ERRORS}]
}
# With an execution of all partitions, those it has started end by the hundred: there is one message, about that one.
NOT_ONE_OF_MANY: Mapping[str, Any] = {"input": [{"anything-but": {"wildcard": f"*{PARENT}*"}}]}


class LostRuns(Construct):
    """A rule for executions that were aborted, timed out as a whole, or broke in the state machine itself."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        state_machine: sfn.IStateMachine,
        partitions: sfn.IStateMachine | None,
        topic: sns.ITopic,
        close_run: lambda_.IFunction,
        undelivered: DeadLetterQueue,
    ) -> None:
        super().__init__(scope, construct_id)
        # All that failed, and not only the silent ones: what an execution could not note, this does.
        events.Rule(
            self,
            "Ended",
            description="Executions that ended without publishing: the registry learns of it",
            event_pattern=_ends(state_machine, {"status": ["ABORTED", "FAILED", "TIMED_OUT"]}),
            targets=[targets.LambdaFunction(close_run, dead_letter_queue=undelivered.queue)],
        )
        of_runs = _ends(state_machine, SILENTLY if partitions is None else {**SILENTLY, **NOT_ONE_OF_MANY})
        self._tell("Rule", pattern=of_runs, name=name, topic=topic, undelivered=undelivered)
        if partitions is not None:
            of_all = _ends(partitions, SILENTLY)
            self._tell("OfAllPartitions", pattern=of_all, name=name, topic=topic, undelivered=undelivered)

    def _tell(
        self,
        construct_id: str,
        *,
        pattern: events.EventPattern,
        name: str,
        topic: sns.ITopic,
        undelivered: DeadLetterQueue,
    ) -> None:
        detail, region = events.EventField.from_path, Stack.of(self).region
        message = events.RuleTargetInput.from_text(
            f"{name}: an execution ended as {detail('$.detail.status')} and told nobody why. Unless "
            "somebody stopped it on purpose, redrive it, or start a new one with the same input. "
            f"Execution: https://{region}.console.aws.amazon.com/states/home?region={region}"
            f"#/v2/executions/details/{detail('$.detail.executionArn')}"
        )
        events.Rule(
            self,
            construct_id,
            description="Executions that could not report their end themselves",
            event_pattern=pattern,
            targets=[targets.SnsTopic(topic, message=message, dead_letter_queue=undelivered.queue)],
        )


def _ends(state_machine: sfn.IStateMachine, how: Mapping[str, Any]) -> events.EventPattern:
    """Executions of the state machine that have ended in one of these ways."""
    return events.EventPattern(
        source=["aws.states"],
        detail_type=["Step Functions Execution Status Change"],
        detail={"stateMachineArn": [state_machine.state_machine_arn], **how},
    )
