"""What the data stack hands to others: its stores, without the stack."""

from dataclasses import dataclass

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

from infra.storage.glue_catalog import ForecastCatalog


@dataclass(frozen=True, kw_only=True)
class DataStores:
    """The stores of an environment.

    Attributes:
        key: Encrypts both buckets and the run registry.
        demand: Bucket with demand, static columns and covariates.
        forecasts: Bucket with forecasts and reports.
        runs: The run registry.
        catalog: Shows the forecasts to Athena.
    """

    key: kms.IKey
    demand: s3.IBucket
    forecasts: s3.IBucket
    runs: dynamodb.ITable
    catalog: ForecastCatalog
