"""States that run a job on one instance type after another; the kind of failure decides the next attempt."""

from aws_cdk import Duration
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from contract.function_errors import JOB_NOT_COMPLETED
from infra.jobs.retries import MAX_FAULTS
from infra.jobs.sagemaker_job import QUOTA_ERRORS, SagemakerJob
from infra.workflow.failure_path import ERROR_PATH

# Words in SageMaker's cause if the request is invalid. If it also names the instance type, the region lacks the type.
INVALID = "ValidationException"
# Words in SageMaker's cause if it has no instance of a type, and if it fails itself or loses an instance.
CAPACITY = ("CapacityError", "InsufficientCapacity")
FAULTS = ("InternalServerError", "InternalFailure", "internal error", "ServiceUnavailable")
# Secondary statuses of a spot job that lost its instance, or did not get one in time.
RECLAIMED = ("Interrupted", "MaxWaitTimeExceeded")
PAUSE_AFTER_FAULT = Duration.minutes(1)


def chain_instance_choices(
    scope: Construct,
    job: SagemakerJob,
    *,
    result: str,
    suffix: str = "",
    checked: sfn.IChainable,
    failure: sfn.IChainable,
) -> sfn.IChainable:
    """Chain one state per instance choice, in order of preference.

    Args:
        scope: The parent.
        job: Creates the states.
        result: Path of the states' results.
        suffix: Suffix of the other states' names; it keeps them apart from those of another job.
        checked: State that checks the files of a completed job.
        failure: First state of the failure path.

    Returns:
        The first state.
    """
    # Step Functions does not treat a stopped job as an error, so this state creates the error.
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
    for choice, instance in reversed(list(enumerate(job.instance_choices))):
        state, label = job.state(instance, choice=choice), f"{instance.label}{suffix}"
        classify = sfn.Choice(scope, f"ClassifyFailure ({label})")
        if following is not None:
            absent = sfn.Condition.and_(caused_by(INVALID), caused_by(instance.instance_type))
            classify.when(sfn.Condition.or_(caused_by(*CAPACITY), absent, *raised(*QUOTA_ERRORS)), following)
        again = sfn.Pass(
            scope,
            f"CountPlatformRetry ({label})",
            parameters={"count.$": "States.MathAdd($.faults.count, 1)"},
            result_path="$.faults",
        )
        pause = sfn.Wait(scope, f"Pause ({label})", time=sfn.WaitTime.duration(PAUSE_AFTER_FAULT))
        few = sfn.Condition.number_less_than("$.faults.count", MAX_FAULTS)
        classify.when(sfn.Condition.and_(few, caused_by(*FAULTS)), again.next(pause).next(state))
        state.add_catch(classify.otherwise(failure), result_path=ERROR_PATH)
        if instance.spot and following is not None:
            reclaimed = sfn.Condition.or_(
                *(sfn.Condition.string_equals(f"{result}.secondary_status", status) for status in RECLAIMED)
            )
            interrupted = sfn.Choice(scope, f"SpotInterrupted? ({label})")
            state.next(interrupted.when(reclaimed, following).otherwise(completed))
        else:
            state.next(completed)
        following = state
    assert following is not None
    return following


def caused_by(*words: str) -> sfn.Condition:
    """Return the condition that SageMaker's cause contains one of these words.

    A cause with `AlgorithmError` never matches: there the container failed, and its message may contain any word.
    """
    return sfn.Condition.and_(
        # A timeout has no cause.
        sfn.Condition.is_present("$.error.Cause"),
        sfn.Condition.or_(*(sfn.Condition.string_matches("$.error.Cause", f"*{word}*") for word in words)),
        sfn.Condition.not_(sfn.Condition.string_matches("$.error.Cause", "*AlgorithmError*")),
    )


def raised(*errors: str) -> list[sfn.Condition]:
    """Return the conditions that match one of these API errors."""
    return [sfn.Condition.string_equals("$.error.Error", error) for error in errors]
