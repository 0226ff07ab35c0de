"""Service Quotas: lists the quotas of SageMaker's jobs page by page, which moto cannot."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from moto.servicequotas.responses import ServiceQuotasResponse

from local_cloud.core.service_quotas import quota, quota_names

_PAGE_SIZE = 100


def install(file: Path) -> None:
    """Add the list call to moto's Service Quotas. `file` has the quotas that differ from the default."""
    names: list[str] = []

    def list_service_quotas(self: ServiceQuotasResponse) -> str:
        names.extend([] if names else quota_names())
        request = json.loads(self.body)
        if request["ServiceCode"] != "sagemaker":
            raise NotImplementedError(f"the local cloud has no quotas of {request['ServiceCode']}")
        first, size = int(request.get("NextToken", 0)), int(request.get("MaxResults", _PAGE_SIZE))
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
