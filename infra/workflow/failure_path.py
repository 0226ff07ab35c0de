"""The path that every failure of a run takes: explain, close the registry entry, notify, fail."""

from dataclasses import dataclass

from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from contract.names import PARENT
from infra.functions.python_function import PythonFunction
from infra.workflow.tasks import CRASHES, LAMBDA_SERVICE_ERRORS, call_function, notify

# Path of a failing state's Error and Cause.
ERROR_PATH = "$.error"
# The attempts that an execution repeated after a fault, those of them after a platform fault, and the limit of the last
# pause after a refused request. None yet.
NO_FAULTS = {"count": 0, "restarts": 0, "longest_pause": 0}
ONE_OF_MANY = sfn.Condition.is_present(f"$.execution.input.{PARENT}")
ONE_OF_MANY_WHY = "The execution of all partitions sends one message for all its runs"


def failure_unexplained(scope: Construct) -> sfn.Pass:
    """Return the state that replaces ExplainFailure's result if that function fails itself."""
    return sfn.Pass(
        scope,
        "FailureUnexplained",
        comment="ExplainFailure failed: pass the original error on",
        parameters={
            "error.$": "$.error.Error",
            "cause.$": "States.JsonToString($.error)",
            "subject": "A run failed, and ExplainFailure failed too",
            "message.$": "States.Format('{} failed: {}', $.execution.id, States.JsonToString($.error))",
        },
        result_path="$.failure",
    )


@dataclass(frozen=True, kw_only=True)
class FailureSteps:
    """The functions of the failure path, in the order of its states.

    Attributes:
        explain_failure: Explains the failure.
        close_run: Records in the registry how the run ended.
        fail_execution: Fails the execution, and resumes it on a redrive.
    """

    explain_failure: PythonFunction
    close_run: PythonFunction
    fail_execution: PythonFunction

    @property
    def functions(self) -> list[PythonFunction]:
        """Every function that a state calls."""
        return [self.explain_failure, self.close_run, self.fail_execution]


class FailurePath(Construct):
    """The states CountRedrives, ExplainFailure, CloseRun, NotifyFailure and Failed.

    The execution fails with the original error even if one of these states fails. A redrive starts at Failed, which
    then succeeds and continues; `after_redrive` sets the next state.

    Attributes:
        entry: First state: the target of every Catch, with the error at `ERROR_PATH`.
    """

    def __init__(self, scope: Construct, construct_id: str, *, steps: FailureSteps, topic: sns.ITopic) -> None:
        super().__init__(scope, construct_id)
        self._failed = self._end(steps.fail_execution)
        closed = self._close(steps.close_run, self._announce(topic))
        explained = self._explain(steps.explain_failure, closed)
        # Redrives after this state are redrives of a failed execution. Earlier ones resumed an aborted execution.
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
                # Pass the whole state data, because `$.job` may not exist yet.
                "data.$": "$",
            },
        )
        # If the function itself cannot run, the execution still fails with the original error. Only a redrive is lost.
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
        """Set the states at which a redriven execution continues.

        Args:
            start: First state of the run.
            check: State that checks the files of a completed job.
            fleet: State that claims the run again and starts its fleet; None without a fleet.
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


def _from(resume_point: str) -> sfn.Condition:
    return sfn.Condition.string_equals("$.resume.from", resume_point)
