"""Finds what readers see now: for the run's report to compare with, and for its model to be used again."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from contract.function_errors import InputError
from contract.model_format import why_refused
from contract.s3.keys import RunKeys, pointer_key
from lambdas.shared.s3_objects import is_there, read_object

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class Model:
    """The model of a published run.

    Attributes:
        run_id: The run that trained it.
        sha256: Its checksum.
        prefix: Where its files are; ends with a slash.
        model_format: Format of its files.
    """

    run_id: str
    sha256: str
    prefix: str
    model_format: int


def published_manifest(s3: "S3Client", *, bucket: str, partition: str) -> str | None:
    """Key of the last published run's manifest.

    What is published is no part of the next run's input, so nothing that is wrong with it stops the run here:
    Publish looks at the pointer again, and says so.

    Args:
        s3: An S3 client.
        bucket: Bucket with the forecasts.
        partition: Part of the market.

    Returns:
        None where nothing has been published, or where the pointer leads nowhere.
    """
    key = _pointer(s3, bucket, partition).get("manifest")
    return key if isinstance(key, str) and is_there(s3, bucket=bucket, key=key) else None


def published_model(s3: "S3Client", *, bucket: str, partition: str) -> Model:
    """The model that the last published run was forecast with, whichever run trained it.

    Args:
        s3: An S3 client.
        bucket: Bucket with the forecasts and the models.
        partition: Part of the market.

    Raises:
        InputError: If nothing is published, or its model is not there.
    """
    pointer = _pointer(s3, bucket, partition)
    if not pointer:
        raise InputError(["input: mode infer needs a published run, whose model to use; start one with {} before"])
    try:
        found = pointer["model"]
        run_id, sha256, model_format = str(found["run_id"]), str(found["sha256"]), int(found["model_format"])
    except (TypeError, KeyError, ValueError):
        raise InputError(
            [f"input: mode infer: the published run {pointer.get('run_id')} keeps no model; start one with {{}} before"]
        ) from None
    keys = RunKeys(partition=partition, run_id=run_id)
    model = Model(run_id, sha256, keys.models, model_format)
    if not is_there(s3, bucket=bucket, key=keys.model_document):
        raise InputError([f"input: mode infer: s3://{bucket}/{model.prefix} is gone; start a run with {{}} before"])
    return model


def refuse_unreadable(model: Model, *, reads: int | None) -> None:
    """Refuse a model that the image cannot read, before a machine is paid for.

    Args:
        model: The model.
        reads: Format that the image reads; None where only the image itself knows, which Preflight asks.

    Raises:
        InputError: If the model has another format.
    """
    if reads is not None and model.model_format != reads:
        why = why_refused(run_id=model.run_id, found=model.model_format, reads=reads)
        raise InputError([f"input: mode infer: {why}"])


def _pointer(s3: "S3Client", bucket: str, partition: str) -> dict[str, Any]:
    """What the pointer says; nothing where there is none that can be read."""
    found = read_object(s3, bucket=bucket, key=pointer_key(partition))
    try:
        content: Any = json.loads(found[0]) if found is not None else {}
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
