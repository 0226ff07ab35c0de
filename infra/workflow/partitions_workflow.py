"""The state machine of all partitions: list them, run each by the one of a run, and make one table of the outcomes."""

from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from contract.names import partitions_machine, run_machine
from infra.common.stack_context import StackContext
from infra.functions.python_function import PythonFunction
from infra.workflow.failure_path import ERROR_PATH, failure_unexplained
from infra.workflow.partition_map import EachPartition
from infra.workflow.state_machine import Rights, logged_state_machine
from infra.workflow.tasks import EXECUTION, call_function, notify

# A thousand runs take 3.3 days where the quota lets but one at a time (benchmarks/README.md); nine thousand have time.
LONGEST = Duration.days(30)


@dataclass(frozen=True, kw_only=True)
class PartitionsSteps:
    """What the states call, in the order of an execution.

    Attributes:
        plan_partitions: Lists the partitions to run.
        run: The state machine of one run.
        summarize_partitions: Makes the table of the outcomes.
        explain_failure: Says what broke.
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
    """One execution runs all partitions, or those it is told, and ends well where all of them do.

    What a partition comes to is noted in S3 and not in the states' data, which would not hold thousands.

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
            context: What the stack's constructs share.
            steps: What the states call.
            forecasts: Bucket with the list of partitions and their outcomes.
            log_group: Takes the log of the executions.
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
        # Where the Map breaks off there is a table of those that had ended, too.
        each.state.add_catch(summed, result_path=ERROR_PATH)
        receive.next(planned).next(each.state).next(summed).next(self._end())
        self.state_machine = logged_state_machine(
            self,
            name=partitions_machine(self._name),
            comment=f"All partitions of {self._name}: a run each, and one table of what became of them",
            start=receive,
            longest=LONGEST,
            log_group=log_group,
        )
        named_as_they_come = "Executions, lists and outcomes of this deployment, named as they come."
        Rights(
            functions=steps.functions,
            statements=each.statements(),
            keys={"UseTheKey": context.key, "EncryptTheMessages": context.messages_key},
            wildcards=dict.fromkeys(each.wildcards, named_as_they_come),
        ).grant(self.state_machine)

    def _fail(self, explain_failure: PythonFunction) -> sfn.IChainable:
        """Make the states that explain, announce and end a failed execution; returns the first."""
        broken = sfn.Fail(self, "Broken", error_path="$.failure.error", cause_path="$.failure.cause")
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
        """Make the states that announce the outcome and end by it; returns the first."""
        all_fine = sfn.Condition.boolean_equals("$.outcome.all_fine", True)
        done = sfn.Succeed(self, "AllSucceeded", input_path="$.outcome")
        not_all = sfn.Fail(self, "PartitionsFailed", error_path="$.outcome.error", cause_path="$.outcome.cause")
        ended = sfn.Choice(self, "AllSucceeded?").when(all_fine, done).otherwise(not_all)
        return notify(self, "NotifyOutcome", topic=self._topic, outcome_path="$.outcome", then=ended)
