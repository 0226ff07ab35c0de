"""Hears of executions that ended without passing through their own failure path."""

from collections.abc import Mapping
from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from contract.names import PARENT
from infra.common.stack_context import StackContext
from infra.common.state_machines import StateMachines

# Step Functions catches neither of these with States.ALL.
UNCAUGHT_ERRORS = ["States.Runtime", "States.DataLimitExceeded"]
SILENTLY: Mapping[str, Any] = {
    "$or": [{"status": ["ABORTED", "TIMED_OUT"]}, {"status": ["FAILED"], "error": UNCAUGHT_ERRORS}]
}
# With an execution of all partitions, those it has started end by the hundred: there is one message, about that one.
NOT_ONE_OF_MANY: Mapping[str, Any] = {"input": [{"anything-but": {"wildcard": f"*{PARENT}*"}}]}


class ExecutionStatusRules(Construct):
    """A rule for executions that were aborted, timed out as a whole, or broke in the state machine itself."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        context: StackContext,
        state_machines: StateMachines,
        close_run: lambda_.IFunction,
    ) -> None:
        super().__init__(scope, construct_id)
        self._context = context
        run, partitions = state_machines.run, state_machines.partitions
        self._close(run, close_run)
        self._tell("Rule", _ends(run, SILENTLY if partitions is None else {**SILENTLY, **NOT_ONE_OF_MANY}))
        if partitions is not None:
            self._tell("OfAllPartitions", _ends(partitions, SILENTLY))

    def _close(self, run: sfn.IStateMachine, close_run: lambda_.IFunction) -> None:
        """Have the registry note all that failed, and not only the silent ones: an execution may fail to note it."""
        events.Rule(
            self,
            "Ended",
            description="Executions that ended without publishing: the registry learns of it",
            event_pattern=_ends(run, {"status": ["ABORTED", "FAILED", "TIMED_OUT"]}),
            targets=[targets.LambdaFunction(close_run, dead_letter_queue=self._context.undelivered.queue)],
        )

    def _tell(self, construct_id: str, pattern: events.EventPattern) -> None:
        """Have the topic announce executions that could not announce their own end."""
        context = self._context
        detail, region = events.EventField.from_path, Stack.of(self).region
        message = events.RuleTargetInput.from_text(
            f"{context.name}: an execution ended as {detail('$.detail.status')} and told nobody why. Unless "
            "somebody stopped it on purpose, redrive it, or start a new one with the same input. "
            f"Execution: https://{region}.console.aws.amazon.com/states/home?region={region}"
            f"#/v2/executions/details/{detail('$.detail.executionArn')}"
        )
        topic = targets.SnsTopic(context.topic, message=message, dead_letter_queue=context.undelivered.queue)
        events.Rule(
            self,
            construct_id,
            description="Executions that could not report their end themselves",
            event_pattern=pattern,
            targets=[topic],
        )


def _ends(state_machine: sfn.IStateMachine, how: Mapping[str, Any]) -> events.EventPattern:
    """Executions of the state machine that have ended in one of these ways."""
    return events.EventPattern(
        source=["aws.states"],
        detail_type=["Step Functions Execution Status Change"],
        detail={"stateMachineArn": [state_machine.state_machine_arn], **how},
    )
