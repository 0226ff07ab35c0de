"""What an environment settles about its partitions, each with demand, model and forecasts of its own."""

import json
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from contract.partitions import NAME, NAME_IN_WORDS
from infra.settings.field_types import Flag, Table, like

# Each is a run with a job of its own; beyond it the jobs' start-up is all there is to be gained.
MAX_AT_A_TIME = 1_000
# Of all names together: functions are told them by a variable, and take 4 kB of all variables.
MAX_CHARACTERS = 2_500

PartitionName = Annotated[str, like(NAME, NAME_IN_WORDS)]


class PartitionsSettings(Table):
    """Which there are, and how many run at the same time.

    Attributes:
        max_concurrency: Runs at the same time, at most; fewer, where the account's quotas are lower.
        discover: Whether to find them where their demand lies, below `demand/partition=.../`.
        names: Of all, where they are not to be found.
    """

    max_concurrency: int = Field(strict=True, ge=1, le=MAX_AT_A_TIME)
    discover: Flag = False
    names: tuple[PartitionName, ...] = Field(default=(), validate_default=True)

    # On the last field: it sees the others.
    @field_validator("names")
    @classmethod
    def _named_or_found(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if bool(value) == info.data.get("discover"):
            raise ValueError("give names, or discover = true, and not both")
        if len(json.dumps(value)) > MAX_CHARACTERS:
            raise ValueError("too many to be named here; set discover = true, which finds them where their demand lies")
        twice = sorted({name for name in value if value.count(name) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)} given more than once")
        return value
