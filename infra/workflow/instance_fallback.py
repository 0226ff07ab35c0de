"""States that run a job on one instance type after another; the kind of failure decides the next attempt."""

from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from contract.function_errors import JOB_NOT_COMPLETED
from infra.jobs.instances import InstanceChoice
from infra.jobs.retries import MAX_FAULTS, REFUSAL_ATTEMPTS, REFUSAL_STEP_SECONDS
from infra.jobs.sagemaker_job import QUOTA_ERRORS, SagemakerJob
from infra.workflow.failure_path import ERROR_PATH

# Step Functions' names of all other errors of the API. Only the cause tells a throttled request from an invalid one.
API_ERRORS = ("SageMaker.AmazonSageMakerException", "SageMaker.ThrottlingException")
# Words in the cause if SageMaker throttles a request, or answers with status 500 or above.
REFUSED = ("ThrottlingException", "Rate exceeded", "Status Code: 5")
# Words in SageMaker's cause if the request is invalid. If it also names the instance type, the region lacks the type.
INVALID = "ValidationException"
# Words in SageMaker's cause if it has no instance of a type, and if it fails itself or loses an instance.
CAPACITY = ("CapacityError", "InsufficientCapacity")
FAULTS = ("InternalServerError", "InternalFailure", "internal error", "ServiceUnavailable")
# Secondary statuses of a spot job that lost its instance, or did not get one in time.
RECLAIMED = ("Interrupted", "MaxWaitTimeExceeded")
PAUSE_AFTER_FAULT_SECONDS = 60


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
            classify.when(unavailable(instance), following)
        _repeat_after_pause(scope, classify, state=state, label=label)
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


def _repeat_after_pause(scope: Construct, classify: sfn.Choice, *, state: sfn.CustomState, label: str) -> None:
    """Add the rules that repeat an attempt: after a refused request with patience, after a platform fault twice."""
    pause = sfn.Wait(scope, f"Pause ({label})", time=sfn.WaitTime.seconds_path("$.faults.pause"))
    pause.next(state)
    longest = f"States.MathAdd($.faults.longest_pause, {REFUSAL_STEP_SECONDS})"
    refused = sfn.Pass(
        scope,
        f"CountRefusal ({label})",
        parameters={
            "count.$": "States.MathAdd($.faults.count, 1)",
            "restarts.$": "$.faults.restarts",
            "longest_pause.$": longest,
            "pause.$": f"States.MathRandom(1, {longest})",
        },
        result_path="$.faults",
    )
    failed = sfn.Pass(
        scope,
        f"CountPlatformRetry ({label})",
        parameters={
            "count.$": "States.MathAdd($.faults.count, 1)",
            "restarts.$": "States.MathAdd($.faults.restarts, 1)",
            "longest_pause.$": "$.faults.longest_pause",
            "pause": PAUSE_AFTER_FAULT_SECONDS,
        },
        result_path="$.faults",
    )
    last = REFUSAL_ATTEMPTS * REFUSAL_STEP_SECONDS
    patient = sfn.Condition.number_less_than("$.faults.longest_pause", last)
    by_api = sfn.Condition.or_(*raised(*API_ERRORS))
    classify.when(sfn.Condition.and_(patient, by_api, caused_by(*REFUSED)), refused.next(pause))
    few = sfn.Condition.number_less_than("$.faults.restarts", MAX_FAULTS)
    classify.when(sfn.Condition.and_(few, caused_by(*FAULTS)), failed.next(pause))


def unavailable(instance: InstanceChoice) -> sfn.Condition:
    """Return the condition that no instance of a choice is available: no capacity, no quota, or not in the region."""
    absent = sfn.Condition.and_(caused_by(INVALID), caused_by(instance.instance_type))
    return sfn.Condition.or_(caused_by(*CAPACITY), absent, *raised(*QUOTA_ERRORS))


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
