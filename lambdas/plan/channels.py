"""What a job reads: demand, what lies beside it, and what readers see now; as channels, and as one fingerprint."""

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

OPTIONAL = (STATIC, COVARIATES)  # what may lie beside the demand


def input_files(s3: "S3Client", *, bucket: str, within: str) -> dict[str, list[DataFile]]:
    """The demand's files, and those beside it, by their folder; without what is not there.

    Args:
        s3: An S3 client.
        bucket: Bucket with the demand.
        within: Prefix of the partition in each folder; empty where there is but one.
    """
    demand = data_files(s3, bucket=bucket, prefix=DEMAND + within)
    # Whatever they are: files that cannot be read are for the job to refuse, not to be passed over here.
    beside = {name: data_files(s3, bucket=bucket, prefix=name + within) for name in OPTIONAL}
    return {DEMAND: demand, **{name: found for name, found in beside.items() if found}}


def channels(
    s3: "S3Client",
    files: Mapping[str, Sequence[DataFile]],
    *,
    within: str,
    environment: PlanEnvironment,
    partition: str,
    model: Model | None,
) -> list[dict[str, Any]]:
    """SageMaker's InputDataConfig.

    Args:
        s3: An S3 client.
        files: What there is to read, by its folder.
        within: Prefix of the partition in each folder.
        environment: What the environment settles.
        partition: Part of the market.
        model: The model to forecast with, where none is trained.
    """
    bucket = environment.forecast_bucket
    found = [_channel(channel_of(name), bucket=environment.data_bucket, prefix=name + within) for name in files]
    if manifest := published_manifest(s3, bucket=bucket, partition=partition):
        found.append(_channel(job_start.PUBLISHED, bucket=bucket, prefix=manifest))
    if model is not None:
        found.append(_channel(job_start.MODEL, bucket=bucket, prefix=model.prefix))
    return found


def fingerprint(files: Mapping[str, Sequence[DataFile]], config: Mapping[str, str]) -> str:
    """Changes with every file that is added, removed or written anew, and with every setting.

    Args:
        files: By the name of what they are.
        config: All settings that the forecasts depend on.
    """
    listed = {prefix: sorted((file.name, file.version) for file in found) for prefix, found in files.items()}
    return hashlib.sha256(json.dumps([listed, dict(config)], sort_keys=True).encode()).hexdigest()


def _channel(name: str, *, bucket: str, prefix: str) -> dict[str, Any]:
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{bucket}/{prefix}", "S3DataDistributionType": "FullyReplicated"}
    return {"ChannelName": name, "InputMode": "File", "DataSource": {"S3DataSource": source}}
