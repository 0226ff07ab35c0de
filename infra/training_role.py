"""What the job may do: read demand and manifests, write forecasts and reports, say what it does; nothing else."""

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra import s3_layout
from infra.container_image import ContainerImage
from infra.job_network import JobNetwork
from infra.nag import acknowledge_inline_policy, acknowledge_wildcard

LOG_GROUP = "/aws/sagemaker/TrainingJobs"
RUNS = (s3_layout.FORECASTS, s3_layout.REPORTS)


class TrainingRole(Construct):
    """The role SageMaker assumes for this application's jobs, in one environment.

    It cannot delete, and writes to folders of this deployment's runs only: a run has a folder of its own, and what
    readers follow (`_latest.json`) is not the job's to move.

    Attributes:
        role: The role.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        key: kms.IKey,
        demand: s3.IBucket,
        forecasts: s3.IBucket,
        image: ContainerImage,
        network: JobNetwork | None,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        log_group = stack.format_arn(service="logs", resource=f"log-group:{LOG_GROUP}")
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                "sagemaker.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": stack.account}}
            ),
            description=f"Training jobs of {name}",
        )
        stream = f"{log_group}:log-stream:{name}-*"
        readable = [demand.arn_for_objects(f"{prefix}*") for prefix in s3_layout.INPUTS]
        manifests = forecasts.arn_for_objects(s3_layout.MANIFESTS)
        # A run is named after its job.
        writable = [forecasts.arn_for_objects(f"{prefix}partition=*/run_id={name}-*/*") for prefix in RUNS]
        writable.append(forecasts.arn_for_objects(f"{s3_layout.JOB_OUTPUT}*"))
        policy = iam.Policy(
            self,
            "Policy",
            roles=[self.role],
            statements=[
                iam.PolicyStatement(
                    sid="ListDemand",
                    actions=["s3:ListBucket"],
                    resources=[demand.bucket_arn],
                    conditions={"StringLike": {"s3:prefix": [f"{prefix}*" for prefix in s3_layout.INPUTS]}},
                ),
                iam.PolicyStatement(
                    sid="ReadDemand",
                    actions=["s3:GetObject"],
                    resources=readable,
                ),
                # What is published now, for the report to compare with.
                iam.PolicyStatement(
                    sid="FindThePublishedRun",
                    actions=["s3:ListBucket"],
                    resources=[forecasts.bucket_arn],
                    conditions={"StringLike": {"s3:prefix": [s3_layout.MANIFESTS]}},
                ),
                iam.PolicyStatement(sid="ReadThePublishedRun", actions=["s3:GetObject"], resources=[manifests]),
                iam.PolicyStatement(
                    sid="WriteForecasts",
                    actions=["s3:AbortMultipartUpload", "s3:PutObject"],
                    resources=writable,
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
                    resources=[f"{log_group}:*"],
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
                    conditions={"StringEquals": {"cloudwatch:namespace": LOG_GROUP}},
                ),
            ],
        )
        if network:
            network.allow(policy)
        acknowledge_inline_policy(policy)
        for prefix in (*readable, manifests, *writable):
            acknowledge_wildcard(policy, prefix, "The objects under one prefix: their names are not known beforehand.")
        acknowledge_wildcard(policy, f"{log_group}:*", "How IAM writes the one log group of all training jobs.")
        acknowledge_wildcard(policy, stream, "The log streams of this deployment's jobs, named after the runs.")
        acknowledge_wildcard(
            policy,
            "*",
            "GetAuthorizationToken, PutMetricData and ec2:Describe* know no resources; the metrics have a condition.",
        )
