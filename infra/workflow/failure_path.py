"""Where every failure of a run ends: explained in one line, registered, announced, and failed."""

from dataclasses import dataclass

from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from contract.names import PARENT
from infra.functions.python_function import PythonFunction
from infra.workflow.tasks import CRASHES, LAMBDA_SERVICE_ERRORS, call_function, notify

# Where a failing state leaves Error and Cause for this path.
ERROR_PATH = "$.error"
# How often the platform has failed in this execution, before it has.
NO_FAULTS = {"count": 0}
ONE_OF_MANY = sfn.Condition.is_present(f"$.execution.input.{PARENT}")
ONE_OF_MANY_WHY = "An execution of all partitions tells of them all, in one message"


def failure_unexplained(scope: Construct) -> sfn.Pass:
    """A state for where the explanation of a failure fails itself: what is known is passed on."""
    return sfn.Pass(
        scope,
        "FailureUnexplained",
        comment="The explanation itself failed: what is known is passed on",
        parameters={
            "error.$": "$.error.Error",
            "cause.$": "States.JsonToString($.error)",
            "subject": "A run failed, and so did the explanation why",
            "message.$": "States.Format('{} failed: {}', $.execution.id, States.JsonToString($.error))",
        },
        result_path="$.failure",
    )


@dataclass(frozen=True, kw_only=True)
class FailureSteps:
    """What the states call, in their order.

    Attributes:
        explain_failure: Says what broke.
        close_run: Notes in the registry how the run ended.
        fail_execution: Ends the execution, and takes it up again on a redrive.
    """

    explain_failure: PythonFunction
    close_run: PythonFunction
    fail_execution: PythonFunction

    @property
    def functions(self) -> list[PythonFunction]:
        """Every function that a state calls."""
        return [self.explain_failure, self.close_run, self.fail_execution]


class FailurePath(Construct):
    """CountRedrives, ExplainFailure, CloseRun, NotifyFailure, Failed; the error gets through even where these fail.

    A redrive of the failed execution begins at Failed, which then lets it pass: `after_redrive` says where to.

    Attributes:
        entry: The state to catch to, with the error at `ERROR_PATH`.
    """

    def __init__(self, scope: Construct, construct_id: str, *, steps: FailureSteps, topic: sns.ITopic) -> None:
        super().__init__(scope, construct_id)
        self._failed = self._end(steps.fail_execution)
        closed = self._close(steps.close_run, self._announce(topic))
        explained = self._explain(steps.explain_failure, closed)
        # Only a redrive from here on is one of a failed execution: one of an aborted execution went on where it was.
        self.entry = sfn.Pass(self, "CountRedrives", input_path="$$.Execution.RedriveCount", result_path="$.redrives")
        self.entry.next(explained)

    def _end(self, fail_execution: PythonFunction) -> tasks.LambdaInvoke:
        failed = call_function(
            self,
            "Failed",
            fail_execution.function,
            result_path="$.resume",
            payload={
                "failure.$": "$.failure",
                "redrives.$": "$$.Execution.RedriveCount",
                "redrives_before.$": "$.redrives",
                # All of the data: there may be no job yet.
                "data.$": "$",
            },
        )
        # Should that function itself not work, the failure keeps its name; only a redrive then has nowhere to begin.
        plainly = sfn.Fail(self, "FailWithoutRedrive", error_path="$.failure.error", cause_path="$.failure.cause")
        failed.add_catch(plainly, errors=[*LAMBDA_SERVICE_ERRORS, *CRASHES], result_path="$.end_error")
        return failed

    def _announce(self, topic: sns.ITopic) -> sfn.Choice:
        announce = sfn.Choice(self, "FailedInPartitionRun?", comment=ONE_OF_MANY_WHY).when(ONE_OF_MANY, self._failed)
        announce.otherwise(notify(self, "NotifyFailure", topic=topic, outcome_path="$.failure", then=self._failed))
        return announce

    def _close(self, close_run: PythonFunction, announce: sfn.Choice) -> tasks.LambdaInvoke:
        closed = call_function(self, "CloseRun", close_run.function, result_path="$.closed")
        closed.add_catch(announce, result_path="$.registry_error")
        closed.next(announce)
        return closed

    def _explain(self, explain_failure: PythonFunction, closed: tasks.LambdaInvoke) -> tasks.LambdaInvoke:
        unexplained = failure_unexplained(self)
        unexplained.next(closed)
        explained = call_function(self, "ExplainFailure", explain_failure.function, result_path="$.failure")
        explained.add_catch(unexplained, result_path="$.explanation_error")
        explained.next(closed)
        return explained

    def after_redrive(self, *, start: sfn.IChainable, check: sfn.IChainable, fleet: sfn.IChainable | None) -> None:
        """Says where a redriven execution goes on.

        Args:
            start: Where the run begins.
            check: Where what a completed job left is looked at.
            fleet: Where what was handed over is claimed once more and forecast; None where there is no fleet.
        """
        again = sfn.Pass(
            self,
            "Restart",
            parameters={
                "execution.$": "$.execution",
                "faults": NO_FAULTS,
            },
        )
        again.next(start)
        from_where = sfn.Choice(self, "ResumePoint?").when(_from("check"), check)
        if fleet is not None:
            from_where.when(_from("fleet"), fleet)
        self._failed.next(from_where.otherwise(again))


def _from(where: str) -> sfn.Condition:
    return sfn.Condition.string_equals("$.resume.from", where)
