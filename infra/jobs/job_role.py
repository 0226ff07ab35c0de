"""What every SageMaker job may do: read and write what it is told, say what it does, start on its machine; no more."""

from collections.abc import Mapping, Sequence

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.common.nag import acknowledge_inline_policy, acknowledge_wildcard
from infra.jobs.container_image import ContainerImage
from infra.jobs.vpc_config import JobNetwork


class JobRole(Construct):
    """The role SageMaker assumes for one kind of job, in one environment.

    It cannot delete, and writes to folders of this deployment's runs only: a run has a folder of its own, and what
    readers follow (`_latest.json`) is not a job's to move.

    Attributes:
        role: The role.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        purpose: str,
        log_group: str,
        key: kms.IKey,
        reads: Mapping[str, tuple[s3.IBucket, Sequence[str]]],
        writes: tuple[s3.IBucket, Sequence[str]],
        image: ContainerImage,
        network: JobNetwork | None,
    ) -> None:
        """Creates the role.

        Args:
            scope: The parent.
            construct_id: The id in it.
            name: Of the deployment.
            purpose: What the role is for, as its description says.
            log_group: Of all jobs of the kind.
            key: Encrypts both buckets and the volume.
            reads: What it reads, by the name of the statement: the bucket, and the keys as patterns.
            writes: Where it writes: the bucket, and the keys as patterns.
            image: What it runs.
            network: Where its machines are; None is SageMaker's own.
        """
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        logs = stack.format_arn(service="logs", resource=f"log-group:{log_group}")
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                "sagemaker.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": stack.account}}
            ),
            description=purpose,
        )
        stream = f"{logs}:log-stream:{name}-*"
        bucket, patterns = writes
        writable = [bucket.arn_for_objects(pattern) for pattern in patterns]
        policy = iam.Policy(self, "Policy", roles=[self.role])
        for what, (source, keys) in reads.items():
            readable = [source.arn_for_objects(key_pattern) for key_pattern in keys]
            policy.add_statements(
                iam.PolicyStatement(
                    sid=f"Find{what}",
                    actions=["s3:ListBucket"],
                    resources=[source.bucket_arn],
                    conditions={"StringLike": {"s3:prefix": list(keys)}},
                ),
                iam.PolicyStatement(sid=f"Read{what}", actions=["s3:GetObject"], resources=readable),
            )
            writable += readable
        policy.add_statements(
            iam.PolicyStatement(
                sid="WriteTheRun",
                actions=["s3:AbortMultipartUpload", "s3:PutObject"],
                resources=[bucket.arn_for_objects(pattern) for pattern in patterns],
            ),
            # Decrypt: to read, and to finish an upload in parts. Encrypt: what SageMaker asks for its own output.
            iam.PolicyStatement(
                sid="UseTheKey",
                actions=["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"],
                resources=[key.key_arn],
            ),
            iam.PolicyStatement(
                sid="EncryptTheVolume",
                actions=["kms:CreateGrant"],
                resources=[key.key_arn],
                conditions={"Bool": {"kms:GrantIsForAWSResource": True}},
            ),
            iam.PolicyStatement(
                sid="PullTheImage",
                actions=["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
                resources=[image.repository_arn],
            ),
            iam.PolicyStatement(sid="SignInToEcr", actions=["ecr:GetAuthorizationToken"], resources=["*"]),
            iam.PolicyStatement(
                sid="FindTheLog",
                actions=["logs:CreateLogGroup", "logs:DescribeLogStreams"],
                resources=[f"{logs}:*"],
            ),
            iam.PolicyStatement(
                sid="WriteTheLog",
                actions=["logs:CreateLogStream", "logs:PutLogEvents"],
                resources=[stream],
            ),
            # The machine's CPU, memory and disk: how an operator sees that a job ran out of one of them.
            iam.PolicyStatement(
                sid="ReportTheMachine",
                actions=["cloudwatch:PutMetricData"],
                resources=["*"],
                conditions={"StringEquals": {"cloudwatch:namespace": log_group}},
            ),
        )
        if network:
            network.allow(policy)
        acknowledge_inline_policy(policy)
        for arn in dict.fromkeys(writable):
            acknowledge_wildcard(policy, arn, "The objects under one prefix: their names are not known beforehand.")
        acknowledge_wildcard(policy, f"{logs}:*", "How IAM writes the one log group of all jobs of a kind.")
        acknowledge_wildcard(policy, stream, "The log streams of this deployment's jobs, named after the runs.")
        acknowledge_wildcard(
            policy,
            "*",
            "GetAuthorizationToken, PutMetricData and ec2:Describe* know no resources; the metrics have a condition.",
        )
