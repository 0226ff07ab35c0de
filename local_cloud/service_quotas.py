"""Service Quotas as far as SageMaker's jobs go: how many machines of a type may train, or process, at the same time."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import botocore.loaders
from moto.servicequotas.responses import ServiceQuotasResponse

_DEFAULT = 20.0
_PAGE = 100


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


def install(file: Path) -> None:
    """Makes moto list SageMaker's quotas, page by page."""
    names: list[str] = []

    def list_service_quotas(self: Any) -> str:  # noqa: ANN401
        names.extend([] if names else quota_names())
        asked = json.loads(self.body)
        if asked["ServiceCode"] != "sagemaker":
            raise NotImplementedError(f"quotas of {asked['ServiceCode']} are not known to the local cloud")
        first, size = int(asked.get("NextToken", 0)), int(asked.get("MaxResults", _PAGE))
        shown = names[first : first + size]
        answer: dict[str, Any] = {
            "Quotas": [{"ServiceCode": "sagemaker", "QuotaName": name, "Value": quota(file, name)} for name in shown]
        }
        if first + size < len(names):
            answer["NextToken"] = str(first + size)
        return json.dumps(answer)

    _add(list_service_quotas)


def _add(method: Callable[..., str]) -> None:
    setattr(ServiceQuotasResponse, method.__name__, method)
