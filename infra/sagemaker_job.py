"""What training and processing jobs have in common as states: retries, names, volumes, and the IAM they take."""

import re
from typing import Any, Literal

from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

Kind = Literal["Training", "Processing"]

# Step Functions' names for what the API answers; a failed *job* is States.TaskFailed and is never repeated blindly.
TRANSIENT_ERRORS = ["SageMaker.AmazonSageMakerException", "SageMaker.ThrottlingException"]
QUOTA_ERRORS = ["SageMaker.ResourceLimitExceededException", "SageMaker.ResourceLimitExceeded"]
# The API takes about one job a second, of all that are started: many at once wait for one another.
TRANSIENT_LONGEST, TRANSIENT_ATTEMPTS = Duration.minutes(2), 8
# A quota is used up by other jobs, which take their time: 5 minutes, then longer, half an hour at most, nine times.
QUOTA_INTERVAL, QUOTA_BACKOFF, QUOTA_LONGEST, QUOTA_ATTEMPTS = Duration.minutes(5), 1.5, Duration.minutes(30), 9
QUOTA_PATIENCE = Duration.hours(4)
# Jobs that are started anew after a fault of the platform, or because a machine was lost.
MOST_FAULTS = 2
# From the request to a running container, and from its end to a described job.
START_AND_STOP = Duration.minutes(30)
# Families with disks of their own (r5d, g5, p4d, trn1 ...): the machine encrypts those itself, and SageMaker
# refuses a key for them.
LOCAL_DISKS = re.compile(r"ml\.([a-z]+[0-9][a-z]*d[a-z]*|g[4-9][a-z]*|p[4-9][a-z]*|trn[0-9][a-z]*)\.")


def job_state(
    scope: Construct,
    construct_id: str,
    kind: Kind,
    *,
    request: dict[str, Any],
    result_path: str,
    timeout: Duration,
    last: bool,
    result: dict[str, str],
) -> sfn.CustomState:
    """A state that creates one job and waits for it; it leaves `{name, status, arn, described}`, and what else is told.

    Args:
        scope: The parent.
        construct_id: The state's name.
        kind: Of the job.
        request: Of the call that creates it.
        result_path: Where what is left goes.
        timeout: After which the state gives up.
        last: Whether there is no other machine to try: only then a quota is waited for.
        result: What is left beside.
    """
    state = sfn.CustomState(
        scope,
        construct_id,
        state_json={
            "Type": "Task",
            "Resource": f"arn:{Stack.of(scope).partition}:states:::sagemaker:create{kind}Job.sync",
            "Parameters": request,
            "ResultSelector": {
                "name.$": f"$.{kind}JobName",
                "status.$": f"$.{kind}JobStatus",
                "arn.$": f"$.{kind}JobArn",
                # Times and the machine, which a job that never ran has not all of.
                "described.$": "$",
                **result,
            },
            "ResultPath": result_path,
            "TimeoutSeconds": timeout.to_seconds(),
        },
    )
    state.add_retry(
        errors=TRANSIENT_ERRORS,
        interval=Duration.seconds(5),
        backoff_rate=2,
        max_delay=TRANSIENT_LONGEST,
        max_attempts=TRANSIENT_ATTEMPTS,
        jitter_strategy=sfn.JitterType.FULL,
    )
    # Each type has a quota of its own: while there is another type, nobody need wait.
    if last:
        state.add_retry(
            errors=QUOTA_ERRORS,
            interval=QUOTA_INTERVAL,
            backoff_rate=QUOTA_BACKOFF,
            max_delay=QUOTA_LONGEST,
            max_attempts=QUOTA_ATTEMPTS,
            jitter_strategy=sfn.JitterType.FULL,
        )
    return state


def job_name(choice: int) -> str:
    """The name of the next job, as an intrinsic function of the state machine.

    It is taken for ever: a retry, a redrive, a fault and the next machine each need one of their own.

    Args:
        choice: The machine's place among the preferred ones, from 0.
    """
    return (
        "States.Format('{}-{}-{}-{}"
        + str(choice)
        + "', $.plan.job_name, $$.Execution.RedriveCount, $$.State.RetryCount, $.faults.count)"
    )


def volume(instance_type: str, gigabytes: int, key: kms.IKey) -> dict[str, Any]:
    """The disk of a machine, encrypted with a key where it is not the machine's own."""
    resources: dict[str, Any] = {"VolumeSizeInGB": gigabytes}
    if not LOCAL_DISKS.match(instance_type):
        resources["VolumeKmsKeyId"] = key.key_arn
    return resources


def job_arns(scope: Construct, kind: Kind, name: str) -> str:
    """A deployment's jobs of a kind, as an IAM pattern."""
    return Stack.of(scope).format_arn(service="sagemaker", resource=f"{kind.lower()}-job", resource_name=f"{name}-*")


def job_statements(scope: Construct, kind: Kind, *, arns: str, role: iam.IRole) -> list[iam.PolicyStatement]:
    """What the state machine's role needs for such a state, on this application's job names only.

    Args:
        scope: Anything in the stack.
        kind: Of the jobs.
        arns: The jobs.
        role: What they run as.
    """
    rule = f"StepFunctionsGetEventsForSageMaker{kind}JobsRule"
    return [
        iam.PolicyStatement(
            sid=f"Run{kind}Jobs",
            actions=[
                "sagemaker:AddTags",
                f"sagemaker:Create{kind}Job",
                f"sagemaker:Describe{kind}Job",
                # An aborted execution takes its job with it.
                f"sagemaker:Stop{kind}Job",
            ],
            resources=[arns],
        ),
        iam.PolicyStatement(
            sid=f"HandOverTheRoleOf{kind}Jobs",
            actions=["iam:PassRole"],
            resources=[role.role_arn],
            conditions={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
        ),
        iam.PolicyStatement(
            sid=f"HearWhen{kind}JobsEnd",
            actions=["events:DescribeRule", "events:PutRule", "events:PutTargets"],
            resources=[Stack.of(scope).format_arn(service="events", resource="rule", resource_name=rule)],
        ),
    ]
