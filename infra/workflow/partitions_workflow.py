"""The state machine of all partitions: list them, start a run for each, and summarize the outcomes."""

from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from contract.names import partitions_machine, run_machine
from infra.common.nag import acknowledge_executions
from infra.common.stack_context import StackContext
from infra.functions.python_function import PythonFunction
from infra.workflow.failure_path import ERROR_PATH, failure_unexplained
from infra.workflow.partition_map import EachPartition
from infra.workflow.state_machine import Rights, logged_state_machine
from infra.workflow.tasks import EXECUTION, call_function, notify

# With a quota of one job at a time, 1,000 runs take 3.3 days (benchmarks/README.md). 30 days suffice for 9,000.
LONGEST = Duration.days(30)


@dataclass(frozen=True, kw_only=True)
class PartitionsSteps:
    """The functions and the state machine that the states call, in the order of an execution.

    Attributes:
        plan_partitions: Lists the partitions to run.
        run: The state machine of one run.
        summarize_partitions: Writes the table of outcomes.
        explain_failure: Explains a failure.
    """

    plan_partitions: PythonFunction
    run: sfn.IStateMachine
    summarize_partitions: PythonFunction
    explain_failure: PythonFunction

    @property
    def functions(self) -> list[PythonFunction]:
        """Every function that a state calls."""
        return [self.plan_partitions, self.summarize_partitions, self.explain_failure]


class PartitionsWorkflow(Construct):
    """The state machine of all partitions.

    One execution runs all partitions, or those that its input names. It succeeds if all of them do. The outcomes of
    partitions are in S3, because thousands of them would exceed the limit of the state data.

    Attributes:
        state_machine: The state machine.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        context: StackContext,
        steps: PartitionsSteps,
        forecasts: s3.IBucket,
        log_group: logs.ILogGroup,
    ) -> None:
        """Create the state machine.

        Args:
            scope: The parent.
            construct_id: The id in it.
            context: Shared resources of the stack.
            steps: Functions and state machine that the states call.
            forecasts: Bucket with the list of partitions and their outcomes.
            log_group: Log group of the executions.
        """
        super().__init__(scope, construct_id)
        self._name, self._topic = context.name, context.topic
        receive = sfn.Pass(self, "Receive", parameters={"execution": EXECUTION})
        failure = self._fail(steps.explain_failure)
        planned = call_function(self, "PlanPartitions", steps.plan_partitions.function, result_path="$.plan")
        each = self._run_each(steps.run, forecasts)
        summed = call_function(
            self, "SummarizePartitions", steps.summarize_partitions.function, result_path="$.outcome"
        )
        for state in (planned, summed):
            state.add_catch(failure, result_path=ERROR_PATH)
        # If the Map itself aborts, SummarizePartitions still writes the table with the outcomes it finds.
        each.state.add_catch(summed, result_path=ERROR_PATH)
        receive.next(planned).next(each.state).next(summed).next(self._end())
        self.state_machine = logged_state_machine(
            self,
            name=partitions_machine(self._name),
            comment=f"All partitions of {self._name}: one run each, and one table of the outcomes",
            start=receive,
            longest=LONGEST,
            log_group=log_group,
        )
        named_at_runtime = "Executions, lists and outcomes of this deployment, which get their names at runtime."
        Rights(
            functions=steps.functions,
            statements=each.statements(),
            keys={"UseDataKey": context.key, "UseMessagesKey": context.messages_key},
            wildcards=dict.fromkeys(each.wildcards, named_at_runtime),
        ).grant(self.state_machine)
        acknowledge_executions(self.state_machine.role)

    def _fail(self, explain_failure: PythonFunction) -> sfn.IChainable:
        """Create the states that explain, announce and end a failed execution, and return the first."""
        broken = sfn.Fail(self, "Failed", error_path="$.failure.error", cause_path="$.failure.cause")
        explained = call_function(self, "ExplainFailure", explain_failure.function, result_path="$.failure")
        announced = notify(self, "NotifyFailure", topic=self._topic, outcome_path="$.failure", then=broken)
        explained.next(announced)
        explained.add_catch(failure_unexplained(self).next(announced), result_path="$.explanation_error")
        return explained

    def _run_each(self, run: sfn.IStateMachine, forecasts: s3.IBucket) -> EachPartition:
        return EachPartition(
            self,
            "EachPartition",
            name=partitions_machine(self._name),
            run=run,
            run_name=run_machine(self._name),
            forecasts=forecasts,
        )

    def _end(self) -> sfn.IChainable:
        """Create the states that announce the outcome and end the execution by it, and return the first."""
        all_succeeded = sfn.Condition.boolean_equals("$.outcome.all_succeeded", True)
        done = sfn.Succeed(self, "AllSucceeded", input_path="$.outcome")
        not_all = sfn.Fail(self, "PartitionsFailed", error_path="$.outcome.error", cause_path="$.outcome.cause")
        ended = sfn.Choice(self, "AllSucceeded?").when(all_succeeded, done).otherwise(not_all)
        return notify(self, "NotifyOutcome", topic=self._topic, outcome_path="$.outcome", then=ended)
