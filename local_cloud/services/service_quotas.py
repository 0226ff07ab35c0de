"""Service Quotas: lists the quotas of SageMaker's jobs, which moto does not know, page by page."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from moto.servicequotas.responses import ServiceQuotasResponse

from local_cloud.core.service_quotas import quota, quota_names

_PAGE = 100


def install(file: Path) -> None:
    """Adds the list call to moto's Service Quotas; `file` keeps the quotas that are not the default."""
    names: list[str] = []

    def list_service_quotas(self: ServiceQuotasResponse) -> str:
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
