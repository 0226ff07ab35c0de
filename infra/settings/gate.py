"""What an environment settles about the quality gate: the fields are those of the contract."""

import dataclasses
from typing import Annotated, Any

from pydantic import Field, create_model

from contract.gate import MOST, GateLimits
from infra.settings.field_types import Table


def _fields() -> dict[str, Any]:
    """Give each threshold of the contract its type, range and default."""
    return {
        limit.name: (Annotated[float, Field(gt=0, le=limit.metadata.get(MOST))] | None, limit.default)
        for limit in dataclasses.fields(GateLimits)
    }


# mypy cannot follow a base class that is made at runtime.
class GateSettings(create_model("Thresholds", __base__=Table, **_fields())):  # type: ignore[misc]
    """What a run must keep to, to be published by itself; a threshold that is absent is none."""
