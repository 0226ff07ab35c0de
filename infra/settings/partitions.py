"""The table `[partitions]`: the partitions of an environment, each with its own demand, model and forecasts."""

import json
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from contract.partitions import NAME, NAME_RULE
from infra.settings.field_types import Flag, SettingsTable, matching

# Largest number of concurrent runs, each with its own job. More would only overlap the start-up of the jobs.
MAX_AT_A_TIME = 1_000
# Characters of all names together. They are in an environment variable, and Lambda allows 4 kB for all variables.
MAX_CHARACTERS = 2_500

PartitionName = Annotated[str, matching(NAME, NAME_RULE)]


class PartitionsSettings(SettingsTable):
    """The partitions, and the number of concurrent runs."""

    max_concurrency: int = Field(strict=True, ge=1, le=MAX_AT_A_TIME)
    """Maximum number of concurrent runs. Lower quotas of the account reduce it."""
    discover: Flag = False
    """Whether an execution lists the partitions from the prefixes `demand/partition=.../`."""
    names: tuple[PartitionName, ...] = Field(default=(), validate_default=True)
    """Names of all partitions; absent with `discover`. The list has at most 2,500 characters."""

    # The validator of the last field sees the other fields.
    @field_validator("names")
    @classmethod
    def _named_or_discovered(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if bool(value) == info.data.get("discover"):
            raise ValueError("set either names or discover = true")
        if len(json.dumps(value)) > MAX_CHARACTERS:
            raise ValueError(
                f"the list has more than {MAX_CHARACTERS:,} characters; remove it and set discover = true, which lists "
                "the partitions from demand/"
            )
        twice = sorted({name for name in value if value.count(name) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)} given more than once")
        return value
