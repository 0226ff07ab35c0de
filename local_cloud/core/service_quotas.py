"""The quotas that the server enforces.

- SageMaker: the number of instances of a type that training or processing jobs may use at the same time.
- Lambda: the number of invocations that may run at the same time.

A file holds them, so that the caller can set them.
"""

import json
from pathlib import Path

import botocore.loaders

CONCURRENT_EXECUTIONS = "Concurrent executions"
"""The name of Lambda's quota."""

_DEFAULT_INSTANCES = 20.0
_DEFAULT_EXECUTIONS = 1000.0


def quota_names() -> list[str]:
    """Return the names of SageMaker's quotas of jobs, for the instance types of its API."""
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
        value: The number of instances or invocations.
    """
    unfinished = file.with_suffix(".new")
    unfinished.write_text(json.dumps({**_read_quotas(file), name: value}))
    unfinished.replace(file)


def quota(file: Path, name: str) -> float:
    """Return a quota's value: the number of instances or invocations."""
    default = _DEFAULT_EXECUTIONS if name == CONCURRENT_EXECUTIONS else _DEFAULT_INSTANCES
    return _read_quotas(file).get(name, default)


def _read_quotas(file: Path) -> dict[str, float]:
    return dict(json.loads(file.read_text())) if file.exists() else {}
