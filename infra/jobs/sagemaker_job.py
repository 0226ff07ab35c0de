"""What training and processing jobs have in common as states: retries, names, volumes, and the IAM they take."""

import re
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import jsii
from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from contract.names import JobKind
from infra.jobs import retries
from infra.jobs.container_image import ContainerImage
from infra.jobs.instances import Machine
from infra.jobs.vpc_config import JobNetwork
from infra.settings.environment import Settings

# Step Functions' names for what the API answers; a failed *job* is States.TaskFailed and is never repeated blindly.
TRANSIENT_ERRORS = ["SageMaker.AmazonSageMakerException", "SageMaker.ThrottlingException"]
QUOTA_ERRORS = ["SageMaker.ResourceLimitExceededException", "SageMaker.ResourceLimitExceeded"]
# The API takes about one job a second, of all that are started: many at once wait for one another.
TRANSIENT_LONGEST, TRANSIENT_ATTEMPTS = Duration.minutes(2), 8
QUOTA_PATIENCE = Duration.hours(4)
# From the request to a running container, and from its end to a described job.
START_AND_STOP = Duration.minutes(30)
# Families with disks of their own (r5d, g5, p4d, trn1 ...): the machine encrypts those itself, and SageMaker
# refuses a key for them.
LOCAL_DISKS = re.compile(r"ml\.([a-z]+[0-9][a-z]*d[a-z]*|g[4-9][a-z]*|p[4-9][a-z]*|trn[0-9][a-z]*)\.")


@dataclass(frozen=True, kw_only=True)
class JobParts:
    """What every job is made with.

    Attributes:
        settings: The environment.
        image: What they run.
        key: Encrypts what they write.
        forecasts: Bucket they write to.
        network: Theirs; None is SageMaker's own.
    """

    settings: Settings
    image: ContainerImage
    key: kms.IKey
    forecasts: s3.IBucket
    network: JobNetwork | None


class SagemakerJob(Construct, metaclass=jsii.JSIIAbstractClass):
    """Makes the states that create one job and wait for it, one state a machine.

    Attributes:
        kind: As the names of SageMaker's calls have it.
        state_name: What the states are called, with the machine behind it.
        result_path: Where each state leaves `{name, status, arn, described}` of its job.
        also_left: What it leaves beside.
    """

    kind: ClassVar[JobKind]
    state_name: ClassVar[str]
    result_path: ClassVar[str]
    also_left: ClassVar[Mapping[str, str]] = {}

    def __init__(self, scope: Construct, construct_id: str, *, parts: JobParts, role: iam.IRole) -> None:
        super().__init__(scope, construct_id)
        self._parts, self._role = parts, role

    @property
    @abstractmethod
    def machines(self) -> Sequence[Machine]:
        """What to run on, in order of preference."""

    @abstractmethod
    def _longest_attempt(self, machine: Machine) -> Duration:
        """How long one attempt may take until the state gives up on it; SageMaker stops the job before."""

    @abstractmethod
    def _request(self, machine: Machine, *, choice: int) -> dict[str, Any]:
        """The request that creates the job, without what every job's has: name, role and tags."""

    @property
    def arns(self) -> str:
        """This deployment's jobs of the kind, as an IAM pattern."""
        return Stack.of(self).format_arn(
            service="sagemaker",
            resource=f"{self.kind.lower()}-job",
            resource_name=f"{self._parts.settings.name}-*",
        )

    @property
    def longest(self) -> Duration:
        """How long all machines together may take, should each of them be tried as often as it may be."""
        minutes = sum(int(self._longest_attempt(machine).to_minutes()) for machine in self.machines)
        return Duration.minutes(minutes * (1 + retries.MAX_FAULTS)).plus(QUOTA_PATIENCE)

    def state(self, machine: Machine, *, choice: int) -> sfn.CustomState:
        """The state for one machine.

        Args:
            machine: What to run on.
            choice: Its place among the preferred ones, from 0; it keeps the names of the jobs apart.
        """
        kind = self.kind
        state = sfn.CustomState(
            self,
            f"{self.state_name} ({machine.words})",
            state_json={
                "Type": "Task",
                "Resource": f"arn:{Stack.of(self).partition}:states:::sagemaker:create{kind}Job.sync",
                "Parameters": {
                    f"{kind}JobName.$": job_name(choice),
                    "RoleArn": self._role.role_arn,
                    **self._request(machine, choice=choice),
                    "Tags": [{"Key": key, "Value": value} for key, value in sorted(self._parts.settings.tags.items())],
                },
                "ResultSelector": {
                    "name.$": f"$.{kind}JobName",
                    "status.$": f"$.{kind}JobStatus",
                    "arn.$": f"$.{kind}JobArn",
                    # Times and the machine, which a job that never ran has not all of.
                    "described.$": "$",
                    **self.also_left,
                },
                "ResultPath": self.result_path,
                "TimeoutSeconds": self._longest_attempt(machine).to_seconds(),
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
        # Each type has a quota of its own: only where there is no other type to try is one waited for.
        if choice == len(self.machines) - 1:
            state.add_retry(
                errors=QUOTA_ERRORS,
                interval=Duration.seconds(retries.QUOTA_INTERVAL_SECONDS),
                backoff_rate=retries.QUOTA_BACKOFF,
                max_delay=Duration.seconds(retries.QUOTA_LONGEST_SECONDS),
                max_attempts=retries.QUOTA_ATTEMPTS,
                jitter_strategy=sfn.JitterType.FULL,
            )
        return state

    def statements(self) -> list[iam.PolicyStatement]:
        """What the state machine's role needs for these states, on this deployment's job names only."""
        kind, rule = self.kind, f"StepFunctionsGetEventsForSageMaker{self.kind}JobsRule"
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
                resources=[self.arns],
            ),
            iam.PolicyStatement(
                sid=f"HandOverTheRoleOf{kind}Jobs",
                actions=["iam:PassRole"],
                resources=[self._role.role_arn],
                conditions={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
            ),
            iam.PolicyStatement(
                sid=f"HearWhen{kind}JobsEnd",
                actions=["events:DescribeRule", "events:PutRule", "events:PutTargets"],
                resources=[Stack.of(self).format_arn(service="events", resource="rule", resource_name=rule)],
            ),
        ]


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
