"""The quotas of SageMaker's jobs: how many instances of a type may train, or process, at the same time.

They are kept in a file, so that the caller can set what the server enforces.
"""

import json
from pathlib import Path

import botocore.loaders

_DEFAULT = 20.0


def quota_names() -> list[str]:
    """Every quota of training and processing jobs, by the instance types that SageMaker's API knows."""
    shapes = botocore.loaders.Loader().load_service_model("sagemaker", "service-2")["shapes"]
    of_training = [
        f"{name} for {spot}training job usage"
        for name in sorted(shapes["TrainingInstanceType"]["enum"])
        for spot in ("", "spot ")
    ]
    return of_training + [
        f"{name} for processing job usage" for name in sorted(shapes["ProcessingInstanceType"]["enum"])
    ]


def set_quota(file: Path, name: str, value: float) -> None:
    """Sets one quota, for as long as the cloud lives.

    Args:
        file: Where quotas are kept that are not the default.
        name: As Service Quotas has it.
        value: How many.
    """
    unfinished = file.with_suffix(".new")
    unfinished.write_text(json.dumps({**_given(file), name: value}))
    unfinished.replace(file)


def quota(file: Path, name: str) -> float:
    """A quota's value."""
    return _given(file).get(name, _DEFAULT)


def _given(file: Path) -> dict[str, float]:
    return dict(json.loads(file.read_text())) if file.exists() else {}
