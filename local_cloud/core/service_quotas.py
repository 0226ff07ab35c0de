"""The quotas of SageMaker's jobs: how many instances of a type training or processing jobs may use at the same time.

A file holds them, so that the caller can set the quotas that the server enforces.
"""

import json
from pathlib import Path

import botocore.loaders

_DEFAULT_INSTANCES = 20.0


def quota_names() -> list[str]:
    """Return the names of all quotas of training and processing jobs, for the instance types of SageMaker's API."""
    shapes = botocore.loaders.Loader().load_service_model("sagemaker", "service-2")["shapes"]
    training = [
        f"{name} for {spot}training job usage"
        for name in sorted(shapes["TrainingInstanceType"]["enum"])
        for spot in ("", "spot ")
    ]
    return training + [f"{name} for processing job usage" for name in sorted(shapes["ProcessingInstanceType"]["enum"])]


def set_quota(file: Path, name: str, value: float) -> None:
    """Set one quota, until the cloud ends.

    Args:
        file: The file of the quotas that differ from the default.
        name: The quota's name in Service Quotas.
        value: The number of instances.
    """
    unfinished = file.with_suffix(".new")
    unfinished.write_text(json.dumps({**_read_quotas(file), name: value}))
    unfinished.replace(file)


def quota(file: Path, name: str) -> float:
    """Return a quota's value: the number of instances."""
    return _read_quotas(file).get(name, _DEFAULT_INSTANCES)


def _read_quotas(file: Path) -> dict[str, float]:
    return dict(json.loads(file.read_text())) if file.exists() else {}
