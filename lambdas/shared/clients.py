"""AWS clients, created on first use and once per process."""

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast, overload

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_ecr import ECRClient
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_service_quotas import ServiceQuotasClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_stepfunctions import SFNClient

# For optional calls: if the service does not answer, the run goes on without the result.
PATIENCE = Config(connect_timeout=5, read_timeout=10, retries={"mode": "standard", "max_attempts": 3})


class Clients(Protocol):
    """Return the client of a service."""

    @overload
    def __call__(self, service: Literal["dynamodb"], /) -> "DynamoDBClient": ...
    @overload
    def __call__(self, service: Literal["ecr"], /) -> "ECRClient": ...
    @overload
    def __call__(self, service: Literal["glue"], /) -> "GlueClient": ...
    @overload
    def __call__(self, service: Literal["kms"], /) -> "KMSClient": ...
    @overload
    def __call__(self, service: Literal["s3"], /) -> "S3Client": ...
    @overload
    def __call__(self, service: Literal["service-quotas"], /) -> "ServiceQuotasClient": ...
    @overload
    def __call__(self, service: Literal["sns"], /) -> "SNSClient": ...
    @overload
    def __call__(self, service: Literal["stepfunctions"], /) -> "SFNClient": ...


def clients(config: Config | None = None) -> Clients:
    """Return a function that creates the client of a service once.

    Args:
        config: Configuration of every client; None for boto3's defaults.
    """
    # boto3's function has one overload per service, and a cached function has none.
    make: Callable[..., Any] = boto3.client
    return cast("Clients", functools.cache(functools.partial(make, config=config)))
