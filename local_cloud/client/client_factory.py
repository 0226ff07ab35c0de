"""The type of a client factory: `cloud.client` for the local cloud, `boto3.client` for AWS."""

from typing import TYPE_CHECKING, Literal, Protocol, overload

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient
    from mypy_boto3_budgets import BudgetsClient
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ecr import ECRClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_scheduler import EventBridgeSchedulerClient
    from mypy_boto3_service_quotas import ServiceQuotasClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_sts import STSClient


class ClientFactory(Protocol):
    """Makes a boto3 client of one of the services used with the local cloud."""

    @overload
    def __call__(self, service: Literal["athena"], /) -> "AthenaClient": ...
    @overload
    def __call__(self, service: Literal["budgets"], /) -> "BudgetsClient": ...
    @overload
    def __call__(self, service: Literal["cloudformation"], /) -> "CloudFormationClient": ...
    @overload
    def __call__(self, service: Literal["cloudwatch"], /) -> "CloudWatchClient": ...
    @overload
    def __call__(self, service: Literal["dynamodb"], /) -> "DynamoDBClient": ...
    @overload
    def __call__(self, service: Literal["ec2"], /) -> "EC2Client": ...
    @overload
    def __call__(self, service: Literal["ecr"], /) -> "ECRClient": ...
    @overload
    def __call__(self, service: Literal["events"], /) -> "EventBridgeClient": ...
    @overload
    def __call__(self, service: Literal["glue"], /) -> "GlueClient": ...
    @overload
    def __call__(self, service: Literal["iam"], /) -> "IAMClient": ...
    @overload
    def __call__(self, service: Literal["kms"], /) -> "KMSClient": ...
    @overload
    def __call__(self, service: Literal["lambda"], /) -> "LambdaClient": ...
    @overload
    def __call__(self, service: Literal["logs"], /) -> "CloudWatchLogsClient": ...
    @overload
    def __call__(self, service: Literal["s3"], /) -> "S3Client": ...
    @overload
    def __call__(self, service: Literal["sagemaker"], /) -> "SageMakerClient": ...
    @overload
    def __call__(self, service: Literal["scheduler"], /) -> "EventBridgeSchedulerClient": ...
    @overload
    def __call__(self, service: Literal["service-quotas"], /) -> "ServiceQuotasClient": ...
    @overload
    def __call__(self, service: Literal["sns"], /) -> "SNSClient": ...
    @overload
    def __call__(self, service: Literal["sqs"], /) -> "SQSClient": ...
    @overload
    def __call__(self, service: Literal["ssm"], /) -> "SSMClient": ...
    @overload
    def __call__(self, service: Literal["stepfunctions"], /) -> "SFNClient": ...
    @overload
    def __call__(self, service: Literal["sts"], /) -> "STSClient": ...
