"""The IAM role of a SageMaker job: its S3 objects, logs, metrics, image, key and network, and nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from contract.names import JobKind, job_log_group
from infra.common.nag import acknowledge_inline_policy, acknowledge_wildcard
from infra.jobs.container_image import ContainerImage
from infra.jobs.sagemaker_job import JobParts


@dataclass(frozen=True, kw_only=True)
class BucketObjects:
    """Objects of a bucket, selected by IAM patterns of their keys.

    Attributes:
        bucket: The bucket.
        keys: IAM patterns of the keys.
    """

    bucket: s3.IBucket
    keys: Sequence[str]

    @property
    def arns(self) -> list[str]:
        """ARNs of the objects, as IAM patterns."""
        return [self.bucket.arn_for_objects(key) for key in self.keys]


class JobRole(Construct):
    """The role that SageMaker assumes for one kind of job, in one environment.

    The role cannot delete objects. It writes only below the prefixes of this deployment's runs, and it cannot move the
    pointer that readers follow.

    Attributes:
        role: The role.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        parts: JobParts,
        kind: JobKind,
        reads: Mapping[str, BucketObjects],
        writes: BucketObjects,
    ) -> None:
        """Create the role.

        Args:
            scope: The parent.
            construct_id: The id in it.
            parts: Image, key and network of the jobs.
            kind: Kind of the jobs.
            reads: Objects that the jobs read, by a noun for the Sids of the statements.
            writes: Objects that the jobs write.
        """
        super().__init__(scope, construct_id)
        name, stack = parts.settings.name, Stack.of(self)
        group = job_log_group(kind)
        log_arn = stack.format_arn(service="logs", resource=f"log-group:{group}")
        streams = f"{log_arn}:log-stream:{name}-*"
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                "sagemaker.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": stack.account}}
            ),
            description=f"{kind} jobs of {name}",
        )
        policy = iam.Policy(self, "Policy", roles=[self.role])
        for noun, objects in reads.items():
            policy.add_statements(*_reading(noun, objects))
        policy.add_statements(
            _writing(writes),
            *_encrypting(parts.key),
            *_pulling(parts.image),
            *_logging(log_arn, streams),
            _measuring(namespace=group),
        )
        if parts.network:
            parts.network.allow(policy)
        objects_of_all = [arn for objects in (writes, *reads.values()) for arn in objects.arns]
        _acknowledge(policy, objects=objects_of_all, log_arn=log_arn, streams=streams)


def _reading(noun: str, objects: BucketObjects) -> list[iam.PolicyStatement]:
    return [
        iam.PolicyStatement(
            sid=f"List{noun}",
            actions=["s3:ListBucket"],
            resources=[objects.bucket.bucket_arn],
            conditions={"StringLike": {"s3:prefix": list(objects.keys)}},
        ),
        iam.PolicyStatement(sid=f"Read{noun}", actions=["s3:GetObject"], resources=objects.arns),
    ]


def _writing(objects: BucketObjects) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        sid="WriteRuns",
        actions=["s3:AbortMultipartUpload", "s3:PutObject"],
        resources=objects.arns,
    )


def _encrypting(key: kms.IKey) -> list[iam.PolicyStatement]:
    return [
        # Reading and completing a multipart upload need Decrypt. SageMaker needs Encrypt for its own output.
        iam.PolicyStatement(
            sid="UseDataKey",
            actions=["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"],
            resources=[key.key_arn],
        ),
        iam.PolicyStatement(
            sid="CreateVolumeKeyGrant",
            actions=["kms:CreateGrant"],
            resources=[key.key_arn],
            conditions={"Bool": {"kms:GrantIsForAWSResource": True}},
        ),
    ]


def _pulling(image: ContainerImage) -> list[iam.PolicyStatement]:
    return [
        iam.PolicyStatement(
            sid="PullImage",
            actions=["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            resources=[image.repository_arn],
        ),
        iam.PolicyStatement(sid="GetEcrAuthorizationToken", actions=["ecr:GetAuthorizationToken"], resources=["*"]),
    ]


def _logging(log_arn: str, streams: str) -> list[iam.PolicyStatement]:
    return [
        iam.PolicyStatement(
            sid="ManageLogGroup",
            actions=["logs:CreateLogGroup", "logs:DescribeLogStreams"],
            resources=[f"{log_arn}:*"],
        ),
        iam.PolicyStatement(
            sid="WriteLogStreams",
            actions=["logs:CreateLogStream", "logs:PutLogEvents"],
            resources=[streams],
        ),
    ]


def _measuring(*, namespace: str) -> iam.PolicyStatement:
    """Return the statement that lets SageMaker write the instance's CPU, memory and disk metrics."""
    return iam.PolicyStatement(
        sid="PutInstanceMetrics",
        actions=["cloudwatch:PutMetricData"],
        resources=["*"],
        conditions={"StringEquals": {"cloudwatch:namespace": namespace}},
    )


def _acknowledge(policy: iam.Policy, *, objects: Sequence[str], log_arn: str, streams: str) -> None:
    acknowledge_inline_policy(policy)
    for arn in dict.fromkeys(objects):
        acknowledge_wildcard(policy, arn, "The objects under one prefix get their names at runtime.")
    acknowledge_wildcard(
        policy, f"{log_arn}:*", "The ARN of the one log group that all jobs of a kind share ends in `:*`."
    )
    acknowledge_wildcard(policy, streams, "The log streams of this deployment's jobs are named after the runs.")
    acknowledge_wildcard(
        policy,
        "*",
        "GetAuthorizationToken, PutMetricData and ec2:Describe* take no resources. PutMetricData has a condition.",
    )
