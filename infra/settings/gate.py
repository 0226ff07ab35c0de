"""The table `[gate]`: the thresholds of the quality gate, with the fields of `contract.gate.GateLimits`."""

import dataclasses
from typing import Annotated, Any

from pydantic import Field, create_model

from contract.gate import MEANING, MOST, GateLimits
from infra.settings.field_types import SettingsTable


def _fields() -> dict[str, Any]:
    """Return type, range, default and meaning of each threshold of the contract."""
    return {
        limit.name: (
            Annotated[float, Field(gt=0, le=limit.metadata[MOST])] | None,
            Field(default=limit.default, description=limit.metadata[MEANING]),
        )
        for limit in dataclasses.fields(GateLimits)
    }


# mypy does not support a base class that is created at runtime.
class GateSettings(create_model("Thresholds", __base__=SettingsTable, **_fields())):  # type: ignore[misc]
    """Thresholds that a run must meet for automatic publication; an absent threshold is not checked."""
