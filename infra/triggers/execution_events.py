"""EventBridge rules for executions that ended outside the failure path of their state machine."""

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

# States.ALL does not catch these two errors.
UNCAUGHT_ERRORS = ["States.Runtime", "States.DataLimitExceeded"]
UNREPORTED: Mapping[str, Any] = {
    "$or": [{"status": ["ABORTED", "TIMED_OUT"]}, {"status": ["FAILED"], "error": UNCAUGHT_ERRORS}]
}
# An execution of all partitions can start hundreds of runs that end together with it. Its own message covers them.
NOT_ONE_OF_MANY: Mapping[str, Any] = {"input": [{"anything-but": {"wildcard": f"*{PARENT}*"}}]}


class ExecutionStatusRules(Construct):
    """Rules for executions that were aborted, timed out as a whole, or failed in the state machine itself."""

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
        self._notify("Rule", _ends(run, UNREPORTED if partitions is None else {**UNREPORTED, **NOT_ONE_OF_MANY}))
        if partitions is not None:
            self._notify("OfAllPartitions", _ends(partitions, UNREPORTED))

    def _close(self, run: sfn.IStateMachine, close_run: lambda_.IFunction) -> None:
        """Call CloseRun for every execution that did not succeed.

        The rule matches reported failures too: it closes the registry entry if the execution itself could not.
        """
        events.Rule(
            self,
            "Ended",
            description="Closes the registry entries of executions that ended without publishing a run",
            event_pattern=_ends(run, {"status": ["ABORTED", "FAILED", "TIMED_OUT"]}),
            targets=[targets.LambdaFunction(close_run, dead_letter_queue=self._context.undelivered.queue)],
        )

    def _notify(self, construct_id: str, pattern: events.EventPattern) -> None:
        """Notify the topic of executions that could not report their own end."""
        context = self._context
        detail, region = events.EventField.from_path, Stack.of(self).region
        message = events.RuleTargetInput.from_text(
            f"{context.name}: an execution ended with status {detail('$.detail.status')} without reporting an error. "
            "If this was not intended, redrive it, or start a new execution with the same input. "
            f"Execution: https://{region}.console.aws.amazon.com/states/home?region={region}"
            f"#/v2/executions/details/{detail('$.detail.executionArn')}"
        )
        topic = targets.SnsTopic(context.topic, message=message, dead_letter_queue=context.undelivered.queue)
        events.Rule(
            self,
            construct_id,
            description="Notifies operators of executions that ended without reporting an error",
            event_pattern=pattern,
            targets=[topic],
        )


def _ends(state_machine: sfn.IStateMachine, how: Mapping[str, Any]) -> events.EventPattern:
    """Return the pattern of the state machine's executions that ended in one of these ways."""
    return events.EventPattern(
        source=["aws.states"],
        detail_type=["Step Functions Execution Status Change"],
        detail={"stateMachineArn": [state_machine.state_machine_arn], **how},
    )
