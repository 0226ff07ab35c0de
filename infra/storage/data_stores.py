"""The stores of the data stack, for constructs that need them without the stack."""

from dataclasses import dataclass

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

from infra.storage.glue_catalog import ForecastCatalog


@dataclass(frozen=True, kw_only=True)
class DataStores:
    """The stores of an environment.

    Attributes:
        key: Key of both buckets and the run registry.
        demand: Bucket with demand, static columns and covariates.
        forecasts: Bucket with forecasts and reports.
        runs: The run registry.
        catalog: Glue database and Athena workgroup of the forecasts.
    """

    key: kms.IKey
    demand: s3.IBucket
    forecasts: s3.IBucket
    runs: dynamodb.ITable
    catalog: ForecastCatalog
