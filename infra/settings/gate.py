"""The table `[gate]`: the thresholds of the quality gate, with the fields of `contract.gate.GateLimits`."""

import dataclasses
from typing import Annotated, Any

from pydantic import Field, create_model

from contract.gate import MAY_BE_ZERO, MEANING, MOST, GateLimits
from infra.settings.field_types import SettingsTable


def _fields() -> dict[str, Any]:
    """Return type, range, default and meaning of each threshold of the contract."""
    return {
        limit.name: (
            Annotated[float, _range(limit)] | None,
            Field(default=limit.default, description=limit.metadata[MEANING]),
        )
        for limit in dataclasses.fields(GateLimits)
    }


def _range(limit: dataclasses.Field[Any]) -> Any:  # noqa: ANN401 (pydantic's constraints have no common type)
    most = limit.metadata[MOST]
    return Field(ge=0, le=most) if limit.metadata[MAY_BE_ZERO] else Field(gt=0, le=most)


# mypy does not support a base class that is created at runtime.
class GateSettings(create_model("Thresholds", __base__=SettingsTable, **_fields())):  # type: ignore[misc]
    """Thresholds that a run must meet for automatic publication; an absent threshold is not checked."""
