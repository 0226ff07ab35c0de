"""The job's input: demand, optional files and the published run, as SageMaker channels and as one fingerprint."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from contract import job_start
from contract.environments.before_job import PlanEnvironment
from contract.s3.keys import COVARIATES, DEMAND, STATIC, channel_of

from .data_files import DataFile, data_files
from .published import Model, published_manifest

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

OPTIONAL = (STATIC, COVARIATES)  # input besides the demand


def input_files(s3: "S3Client", *, bucket: str, within: str) -> dict[str, list[DataFile]]:
    """List the demand's files and the optional files by their prefix. Optional prefixes without files are left out.

    Args:
        s3: An S3 client.
        bucket: Bucket with the demand.
        within: Prefix of the partition in each folder; empty if there is only one partition.
    """
    demand = data_files(s3, bucket=bucket, prefix=DEMAND + within)
    # Files of any kind: the job must reject unreadable files, so this function does not ignore them.
    optional = {name: data_files(s3, bucket=bucket, prefix=name + within) for name in OPTIONAL}
    return {DEMAND: demand, **{name: found for name, found in optional.items() if found}}


def channels(
    s3: "S3Client",
    files: Mapping[str, Sequence[DataFile]],
    *,
    within: str,
    environment: PlanEnvironment,
    partition: str,
    model: Model | None,
) -> list[dict[str, Any]]:
    """Build SageMaker's InputDataConfig.

    Args:
        s3: An S3 client.
        files: The input files, by prefix.
        within: Prefix of the partition in each folder.
        environment: Settings of the environment.
        partition: Name of the partition.
        model: The model to forecast with; None if the run trains one.
    """
    bucket = environment.forecast_bucket
    found = [_channel(channel_of(name), bucket=environment.data_bucket, prefix=name + within) for name in files]
    if manifest := published_manifest(s3, bucket=bucket, partition=partition):
        found.append(_channel(job_start.PUBLISHED, bucket=bucket, prefix=manifest))
    if model is not None:
        found.append(_channel(job_start.MODEL, bucket=bucket, prefix=model.prefix))
    return found


def fingerprint(files: Mapping[str, Sequence[DataFile]], config: Mapping[str, str]) -> str:
    """Hash the input. The hash changes if a file is added, removed or rewritten, or if a setting changes.

    Args:
        files: The input files, by prefix.
        config: All settings that the forecasts depend on.
    """
    listed = {prefix: sorted((file.name, file.version) for file in found) for prefix, found in files.items()}
    return hashlib.sha256(json.dumps([listed, dict(config)], sort_keys=True).encode()).hexdigest()


def _channel(name: str, *, bucket: str, prefix: str) -> dict[str, Any]:
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{bucket}/{prefix}", "S3DataDistributionType": "FullyReplicated"}
    return {"ChannelName": name, "InputMode": "File", "DataSource": {"S3DataSource": source}}
