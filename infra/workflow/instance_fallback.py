"""A job on one machine after the other: what went wrong with one decides whether and what is tried next."""

from aws_cdk import Duration
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from contract.function_errors import JOB_NOT_COMPLETED
from infra.jobs.retries import MAX_FAULTS
from infra.jobs.sagemaker_job import QUOTA_ERRORS, SagemakerJob
from infra.workflow.failure_path import ERROR_PATH

# Words of the platform where it has no machine of a type, and where it failed by itself or lost one.
CAPACITY = ("CapacityError", "InsufficientCapacity")
FAULTS = ("InternalServerError", "InternalFailure", "internal error", "ServiceUnavailable")
# How a job ends that spare capacity was taken from, or that never got any.
RECLAIMED = ("Interrupted", "MaxWaitTimeExceeded")
PAUSE_AFTER_FAULT = Duration.minutes(1)


def chain_machines(
    scope: Construct,
    job: SagemakerJob,
    *,
    result: str,
    suffix: str = "",
    checked: sfn.IChainable,
    failure: sfn.IChainable,
) -> sfn.IChainable:
    """Chains a state a machine, from the last to the first.

    Args:
        scope: The parent.
        job: Makes the states.
        result: Path of what they leave.
        suffix: Tells the names of other states from those of another job.
        checked: Where a completed job's work is looked at.
        failure: Where everything else ends.

    Returns:
        The first state.
    """
    # A job that was stopped is no error to Step Functions; here it becomes one.
    not_completed = sfn.Pass(
        scope,
        f"JobNotCompleted{suffix}",
        parameters={"Error": JOB_NOT_COMPLETED, "Cause.$": f"States.JsonToString({result})"},
        result_path=ERROR_PATH,
    )
    not_completed.next(failure)
    completed = sfn.Choice(scope, f"JobCompleted?{suffix}")
    completed.when(sfn.Condition.string_equals(f"{result}.status", "Completed"), checked).otherwise(not_completed)
    following: sfn.IChainable | None = None
    for choice, machine in reversed(list(enumerate(job.machines))):
        state, words = job.state(machine, choice=choice), f"{machine.words}{suffix}"
        why = sfn.Choice(scope, f"ClassifyFailure ({words})")
        if following is not None:
            why.when(sfn.Condition.or_(caused_by(*CAPACITY), *raised(*QUOTA_ERRORS)), following)
        again = sfn.Pass(
            scope,
            f"CountPlatformRetry ({words})",
            parameters={"count.$": "States.MathAdd($.faults.count, 1)"},
            result_path="$.faults",
        )
        pause = sfn.Wait(scope, f"Pause ({words})", time=sfn.WaitTime.duration(PAUSE_AFTER_FAULT))
        few = sfn.Condition.number_less_than("$.faults.count", MAX_FAULTS)
        why.when(sfn.Condition.and_(few, caused_by(*FAULTS)), again.next(pause).next(state))
        state.add_catch(why.otherwise(failure), result_path=ERROR_PATH)
        if machine.spot and following is not None:
            reclaimed = sfn.Condition.or_(
                *(sfn.Condition.string_equals(f"{result}.secondary_status", status) for status in RECLAIMED)
            )
            tried = sfn.Choice(scope, f"SpotInterrupted? ({words})")
            state.next(tried.when(reclaimed, following).otherwise(completed))
        else:
            state.next(completed)
        following = state
    assert following is not None
    return following


def caused_by(*words: str) -> sfn.Condition:
    """The platform's cause has one of these words.

    A job that ran and failed speaks of an AlgorithmError, whatever words its own message has.
    """
    return sfn.Condition.and_(
        # A timeout comes without a cause.
        sfn.Condition.is_present("$.error.Cause"),
        sfn.Condition.or_(*(sfn.Condition.string_matches("$.error.Cause", f"*{word}*") for word in words)),
        sfn.Condition.not_(sfn.Condition.string_matches("$.error.Cause", "*AlgorithmError*")),
    )


def raised(*errors: str) -> list[sfn.Condition]:
    """The API answered with one of these errors."""
    return [sfn.Condition.string_equals("$.error.Error", error) for error in errors]
