"""`sagemaker:createTrainingJob.sync` as states: the request, its retries, and exactly the IAM it takes."""

import re
from collections.abc import Sequence
from typing import Any

from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra import s3_layout
from infra.container_image import ContainerImage
from infra.job_network import JobNetwork
from infra.machines import Machine, machines_of
from infra.settings import Settings

SYNC_RULE = "StepFunctionsGetEventsForSageMakerTrainingJobsRule"
# Step Functions' names for what the API answers; a failed *job* is States.TaskFailed and is never repeated blindly.
TRANSIENT_ERRORS = ["SageMaker.AmazonSageMakerException", "SageMaker.ThrottlingException"]
QUOTA_ERRORS = ["SageMaker.ResourceLimitExceededException", "SageMaker.ResourceLimitExceeded"]
# A quota is used up by other jobs, which take their time: 5 minutes, then longer, half an hour at most, nine times.
QUOTA_INTERVAL, QUOTA_BACKOFF, QUOTA_LONGEST, QUOTA_ATTEMPTS = Duration.minutes(5), 1.5, Duration.minutes(30), 9
QUOTA_PATIENCE = Duration.hours(4)
# Attempts SageMaker makes by itself after a fault of its own; all of them count towards the job's runtime.
PLATFORM_FAULT_RETRIES = 2
# Jobs that are started anew after such a fault, or because a machine was lost.
MOST_FAULTS = 2
# From the request to a running container, and from its end to a described job.
START_AND_STOP = Duration.minutes(30)
# Families with disks of their own (m6id, c5d, g5, p4d, trn1 ...): the machine encrypts those itself, and SageMaker
# refuses a key for them.
LOCAL_DISKS = re.compile(r"ml\.([a-z]+[0-9][a-z]*d[a-z]*|g[4-9][a-z]*|p[4-9][a-z]*|trn[0-9][a-z]*)\.")


class TrainingJob(Construct):
    """Makes the states that create one training job and wait for it, one state a machine.

    Each state reads `$.plan` and `$.faults`, and leaves `{name, status, secondary_status, arn, described}` in `$.job`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        image: ContainerImage,
        role: iam.IRole,
        key: kms.IKey,
        forecasts: s3.IBucket,
        network: JobNetwork | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._settings = settings
        self._image = image
        self._role = role
        self._key = key
        self._forecasts = forecasts
        self._network = network

    @property
    def arns(self) -> str:
        """This deployment's jobs."""
        return Stack.of(self).format_arn(
            service="sagemaker", resource="training-job", resource_name=f"{self._settings.name}-*"
        )

    @property
    def machines(self) -> Sequence[Machine]:
        """What to run on, in order of preference."""
        return machines_of(self._settings.training_job)

    @property
    def longest(self) -> Duration:
        """How long all machines together may take, should each of them be tried as often as it may be."""
        minutes = sum(self._longest(machine).to_minutes() for machine in self.machines)
        return Duration.minutes(int(minutes) * (1 + MOST_FAULTS)).plus(QUOTA_PATIENCE)

    def _longest(self, machine: Machine) -> Duration:
        """How long one attempt may take until the state gives up on it; SageMaker stops the job before."""
        job = self._settings.training_job
        minutes = job.max_wait_minutes if machine.spot else job.max_runtime_minutes
        return Duration.minutes((minutes or job.max_runtime_minutes) + int(START_AND_STOP.to_minutes()))

    def state(self, machine: Machine, *, choice: int) -> sfn.CustomState:
        """The state for one machine.

        Args:
            machine: What to run on.
            choice: Its place among the preferred ones, from 0; it keeps the names of the jobs apart.
        """
        last = choice == len(self.machines) - 1
        state = sfn.CustomState(
            self,
            f"TrainAndInfer ({machine.words})",
            state_json={
                "Type": "Task",
                "Resource": f"arn:{Stack.of(self).partition}:states:::sagemaker:createTrainingJob.sync",
                "Parameters": self._request(machine, choice=choice),
                "ResultSelector": {
                    "name.$": "$.TrainingJobName",
                    "status.$": "$.TrainingJobStatus",
                    "secondary_status.$": "$.SecondaryStatus",
                    "arn.$": "$.TrainingJobArn",
                    # Times and the machine, which a job that never ran has not all of.
                    "described.$": "$",
                },
                "ResultPath": "$.job",
                "TimeoutSeconds": self._longest(machine).to_seconds(),
            },
        )
        state.add_retry(
            errors=TRANSIENT_ERRORS,
            interval=Duration.seconds(5),
            backoff_rate=2,
            max_attempts=4,
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

    def statements(self) -> list[iam.PolicyStatement]:
        """What the state machine's role needs for these states, on this application's job names only."""
        stack = Stack.of(self)
        return [
            iam.PolicyStatement(
                sid="RunTrainingJobs",
                actions=[
                    "sagemaker:AddTags",
                    "sagemaker:CreateTrainingJob",
                    "sagemaker:DescribeTrainingJob",
                    # An aborted execution takes its job with it.
                    "sagemaker:StopTrainingJob",
                ],
                resources=[self.arns],
            ),
            iam.PolicyStatement(
                sid="HandOverTheJobRole",
                actions=["iam:PassRole"],
                resources=[self._role.role_arn],
                conditions={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
            ),
            iam.PolicyStatement(
                sid="HearWhenTheJobEnds",
                actions=["events:DescribeRule", "events:PutRule", "events:PutTargets"],
                resources=[stack.format_arn(service="events", resource="rule", resource_name=SYNC_RULE)],
            ),
        ]

    def _request(self, machine: Machine, *, choice: int) -> dict[str, Any]:
        settings, instance_type = self._settings, machine.instance_type
        job = settings.training_job
        # A job's name is taken for ever: a retry, a redrive, a fault and the next machine each need one of their own.
        name = (
            "States.Format('{}-{}-{}-{}"
            + str(choice)
            + "', $.plan.job_name, $$.Execution.RedriveCount, $$.State.RetryCount, $.faults.count)"
        )
        resources: dict[str, Any] = {
            "InstanceType": instance_type,
            "InstanceCount": 1,
            "VolumeSizeInGB": job.volume_gb,
        }
        if not LOCAL_DISKS.match(instance_type):
            resources["VolumeKmsKeyId"] = self._key.key_arn
        stopping = {"MaxRuntimeInSeconds": job.max_runtime_minutes * 60}
        if machine.spot and job.max_wait_minutes is not None:
            stopping["MaxWaitTimeInSeconds"] = job.max_wait_minutes * 60
        bucket = self._forecasts.bucket_name
        return {
            "TrainingJobName.$": name,
            "RoleArn": self._role.role_arn,
            "AlgorithmSpecification": {"TrainingImage": self._image.uri, "TrainingInputMode": "File"},
            "HyperParameters.$": "$.plan.hyperparameters",
            "InputDataConfig.$": "$.plan.channels",
            "OutputDataConfig": {
                "S3OutputPath": f"s3://{bucket}/{s3_layout.JOB_OUTPUT}",
                "KmsKeyId": self._key.key_arn,
                "CompressionType": "NONE",
            },
            "ResourceConfig": resources,
            "StoppingCondition": stopping,
            "RetryStrategy": {"MaximumRetryAttempts": PLATFORM_FAULT_RETRIES},
            "EnableManagedSpotTraining": machine.spot,
            **({"VpcConfig": self._network.request()} if self._network else {}),
            # The job uploads its forecasts itself; and one machine has no other container to talk to.
            "EnableNetworkIsolation": False,
            "EnableInterContainerTrafficEncryption": False,
            "Environment": {"OUTPUT_URI": f"s3://{bucket}", "PARTITION.$": "$.plan.partition"},
            "Tags": [{"Key": key, "Value": value} for key, value in sorted(settings.tags.items())],
        }
