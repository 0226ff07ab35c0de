"""Find the published run: its manifest for the report's comparison, and its model for mode infer."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from contract.function_errors import InputError
from contract.model_format import describe_mismatch
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
        prefix: Prefix of its files, with a slash at its end.
        model_format: Format of its files.
    """

    run_id: str
    sha256: str
    prefix: str
    model_format: int


def published_manifest(s3: "S3Client", *, bucket: str, partition: str) -> str | None:
    """Return the key of the last published run's manifest.

    The published run is not input of the next run, so a broken pointer does not stop the run here. Publish reads the
    pointer again and reports the error.

    Args:
        s3: An S3 client.
        bucket: Bucket with the forecasts.
        partition: Name of the partition.

    Returns:
        None if nothing is published, or if the pointer or its manifest is invalid or missing.
    """
    key = _pointer(s3, bucket, partition).get("manifest")
    return key if isinstance(key, str) and is_there(s3, bucket=bucket, key=key) else None


def published_model(s3: "S3Client", *, bucket: str, partition: str) -> Model:
    """Return the model of the last published run, which an earlier run may have trained.

    Args:
        s3: An S3 client.
        bucket: Bucket with the forecasts and the models.
        partition: Name of the partition.

    Raises:
        InputError: If nothing is published, or the model is missing.
    """
    pointer = _pointer(s3, bucket, partition)
    if not pointer:
        raise InputError(["input: mode infer needs the model of a published run; start a run with {} first"])
    try:
        found = pointer["model"]
        run_id, sha256, model_format = str(found["run_id"]), str(found["sha256"]), int(found["model_format"])
    except (TypeError, KeyError, ValueError):
        raise InputError(
            [f"input: mode infer: the published run {pointer.get('run_id')} has no model; start a run with {{}} first"]
        ) from None
    keys = RunKeys(partition=partition, run_id=run_id)
    model = Model(run_id, sha256, keys.models, model_format)
    if not is_there(s3, bucket=bucket, key=keys.model_document):
        raise InputError([f"input: mode infer: s3://{bucket}/{model.prefix} is missing; start a run with {{}} first"])
    return model


def refuse_unreadable(model: Model, *, reads: int | None) -> None:
    """Refuse a model that the image cannot read, before an instance costs money.

    Args:
        model: The model.
        reads: Format that the image reads; None if only the image itself knows it. Preflight then asks the image.

    Raises:
        InputError: If the model has another format.
    """
    if reads is not None and model.model_format != reads:
        why = describe_mismatch(run_id=model.run_id, found=model.model_format, reads=reads)
        raise InputError([f"input: mode infer: {why}"])


def _pointer(s3: "S3Client", bucket: str, partition: str) -> dict[str, Any]:
    """Return the pointer's content; an empty dictionary if there is no readable pointer."""
    found = read_object(s3, bucket=bucket, key=pointer_key(partition))
    try:
        content: Any = json.loads(found[0]) if found is not None else {}
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
