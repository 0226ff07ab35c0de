"""The common base of training and processing jobs as states: retries, names, volumes and IAM statements."""

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
from infra.jobs.instances import InstanceChoice
from infra.jobs.local_disks import has_local_disks
from infra.jobs.vpc_config import JobNetwork
from infra.settings.environment import Settings

# Step Functions' name of the API error of a quota. A failed *job* raises States.TaskFailed, which has no blind retry.
QUOTA_ERRORS = ["SageMaker.ResourceLimitExceededException", "SageMaker.ResourceLimitExceeded"]
QUOTA_PATIENCE = Duration.hours(4)
# Time from the request to a running container, plus the time from its end to the job's description.
START_AND_STOP = Duration.minutes(30)


@dataclass(frozen=True, kw_only=True)
class JobParts:
    """Parts that all jobs of a deployment share.

    Attributes:
        settings: The environment.
        image: Container image of the jobs.
        key: Key that encrypts the jobs' output.
        forecasts: Bucket that the jobs write to.
        network: Network of the jobs; None means SageMaker's own.
    """

    settings: Settings
    image: ContainerImage
    key: kms.IKey
    forecasts: s3.IBucket
    network: JobNetwork | None


class SagemakerJob(Construct, metaclass=jsii.JSIIAbstractClass):
    """Creates the states that start one job and wait for it, one state per instance choice.

    Attributes:
        kind: Kind of the job in the names of SageMaker's calls.
        state_name: First part of the states' names; the instance choice follows.
        result_path: Path at which each state writes `{name, status, arn, description}` of its job.
        extra_results: Further fields that each state writes.
    """

    kind: ClassVar[JobKind]
    state_name: ClassVar[str]
    result_path: ClassVar[str]
    extra_results: ClassVar[Mapping[str, str]] = {}

    def __init__(self, scope: Construct, construct_id: str, *, parts: JobParts, role: iam.IRole) -> None:
        super().__init__(scope, construct_id)
        self._parts, self._role = parts, role

    @property
    @abstractmethod
    def instance_choices(self) -> Sequence[InstanceChoice]:
        """Instance choices in order of preference."""

    @abstractmethod
    def _longest_attempt(self, instance: InstanceChoice) -> Duration:
        """Return the state's timeout for one attempt. SageMaker stops the job earlier."""

    @abstractmethod
    def _request(self, instance: InstanceChoice, *, choice: int) -> dict[str, Any]:
        """Return the request that creates the job, without name, role and tags."""

    @property
    def arns(self) -> str:
        """IAM pattern of the ARNs of this deployment's jobs of the kind."""
        return Stack.of(self).format_arn(
            service="sagemaker",
            resource=f"{self.kind.lower()}-job",
            resource_name=f"{self._parts.settings.name}-*",
        )

    @property
    def longest(self) -> Duration:
        """Longest duration of all attempts on all instance choices, including the waits for a quota."""
        minutes = sum(int(self._longest_attempt(instance).to_minutes()) for instance in self.instance_choices)
        return Duration.minutes(minutes * (1 + retries.MAX_FAULTS)).plus(QUOTA_PATIENCE)

    def state(self, instance: InstanceChoice, *, choice: int) -> sfn.CustomState:
        """Create the state for one instance choice.

        Args:
            instance: The instance choice.
            choice: Its index in `instance_choices`; it makes the job's name unique.
        """
        kind = self.kind
        state = sfn.CustomState(
            self,
            f"{self.state_name} ({instance.label})",
            state_json={
                "Type": "Task",
                "Resource": f"arn:{Stack.of(self).partition}:states:::sagemaker:create{kind}Job.sync",
                "Parameters": {
                    f"{kind}JobName.$": job_name(choice),
                    "RoleArn": self._role.role_arn,
                    **self._request(instance, choice=choice),
                    "Tags": [{"Key": key, "Value": value} for key, value in sorted(self._parts.settings.tags.items())],
                },
                "ResultSelector": {
                    "name.$": f"$.{kind}JobName",
                    "status.$": f"$.{kind}JobStatus",
                    "arn.$": f"$.{kind}JobArn",
                    # The whole description: a job that never ran lacks some times and its instance.
                    "description.$": "$",
                    **self.extra_results,
                },
                "ResultPath": self.result_path,
                "TimeoutSeconds": self._longest_attempt(instance).to_seconds(),
            },
        )
        # Each type has its own quota. Only the last choice waits for its quota; the others fall through to the next.
        if choice == len(self.instance_choices) - 1:
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
        """Return the statements that the state machine's role needs, limited to this deployment's jobs."""
        kind, rule = self.kind, f"StepFunctionsGetEventsForSageMaker{self.kind}JobsRule"
        return [
            iam.PolicyStatement(
                sid=f"Run{kind}Jobs",
                actions=[
                    # Step Functions reads the tags of the job that it created.
                    "sagemaker:AddTags",
                    "sagemaker:ListTags",
                    f"sagemaker:Create{kind}Job",
                    f"sagemaker:Describe{kind}Job",
                    # Step Functions stops the job of an aborted execution.
                    f"sagemaker:Stop{kind}Job",
                ],
                resources=[self.arns],
            ),
            iam.PolicyStatement(
                sid=f"Pass{kind}JobRole",
                actions=["iam:PassRole"],
                resources=[self._role.role_arn],
                conditions={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
            ),
            iam.PolicyStatement(
                sid=f"Manage{kind}JobEventRule",
                actions=["events:DescribeRule", "events:PutRule", "events:PutTargets"],
                resources=[Stack.of(self).format_arn(service="events", resource="rule", resource_name=rule)],
            ),
        ]


def job_name(choice: int) -> str:
    """Return the intrinsic function that builds the name of the next job.

    SageMaker never frees a job's name. A retry, a redrive, a repeated attempt and the next instance choice each need a
    new one.

    Args:
        choice: Index of the instance choice.
    """
    return (
        "States.Format('{}-{}-{}-{}"
        + str(choice)
        + "', $.plan.job_name, $$.Execution.RedriveCount, $$.State.RetryCount, $.faults.count)"
    )


def volume(instance_type: str, gigabytes: int, key: kms.IKey) -> dict[str, Any]:
    """Return the volume fields of a request; instance types with local disks do not take the key."""
    resources: dict[str, Any] = {"VolumeSizeInGB": gigabytes}
    if not has_local_disks(instance_type):
        resources["VolumeKmsKeyId"] = key.key_arn
    return resources
