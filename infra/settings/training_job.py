"""The tables `[training_job]`, `[network]` and `[functions]`: instance types, limits and network."""

from pydantic import Field, ValidationInfo, field_validator

from infra.settings.field_types import (
    Flag,
    InstanceType,
    Minutes,
    SecurityGroupId,
    SettingsTable,
    SubnetId,
    Threshold,
    TrainingInstanceType,
)
from infra.settings.service_limits import MAX_TRAINING_VOLUME_GB

MAX_INSTANCE_TYPES = 5


def validate_unique(instance_types: tuple[str, ...]) -> tuple[str, ...]:
    """Return the instance types if they are 1 to `MAX_INSTANCE_TYPES` different ones.

    The field's own limits would repeat the message for each invalid type, so this function checks the length.

    Raises:
        ValueError: If there are too few or too many, or if a type occurs twice.
    """
    if not 1 <= len(instance_types) <= MAX_INSTANCE_TYPES:
        raise ValueError(f"{len(instance_types)} given; 1 to {MAX_INSTANCE_TYPES} are needed")
    twice = sorted({name for name in instance_types if instance_types.count(name) > 1})
    if twice:
        raise ValueError(f"{', '.join(twice)} given more than once")
    return instance_types


class TrainingJobSettings(SettingsTable):
    """Instance types and limits of the training job."""

    # First, because the checks of other fields depend on it.
    spot: Flag = False
    """Whether to use spot capacity, which is cheaper but may interrupt the job."""
    instance_types: tuple[TrainingInstanceType, ...]
    """One to five instance types, in order of preference. If one has no capacity or no quota, or is not in the
    region, Step Functions tries the next. Exactly one with `spot`, because a spot job waits for its type and never
    reports missing capacity."""
    volume_gb: int = Field(strict=True, ge=1, le=MAX_TRAINING_VOLUME_GB)
    """Disk for demand and forecasts in GB."""
    max_runtime_minutes: Minutes
    """Runtime in minutes after which SageMaker stops the job."""
    max_wait_minutes: Minutes | None = Field(default=None, validate_default=True)
    """Minutes of waiting and running together. Required with `spot`, and invalid without."""
    hourly_prices: dict[InstanceType, Threshold] = Field(default_factory=dict)
    """Price of an hour in US dollars by instance type, for the cost of runs. The cost of a type without a price is
    unknown."""

    @field_validator("instance_types")
    @classmethod
    def _one_with_spot(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        validate_unique(value)
        if info.data.get("spot") is True and len(value) > 1:
            raise ValueError(f"{len(value)} given; spot waits for its one type: give one type, or set spot = false")
        return value

    # A field validator and not a model validator, so that pydantic reports it together with other problems.
    @field_validator("max_wait_minutes")
    @classmethod
    def _only_with_spot(cls, value: int | None, info: ValidationInfo) -> int | None:
        spot, runtime = info.data.get("spot"), info.data.get("max_runtime_minutes")
        if spot is True and value is None:
            raise ValueError("spot = true needs max_wait_minutes, at least max_runtime_minutes")
        if spot is False and value is not None:
            raise ValueError("only with spot = true; remove it or switch spot on")
        if value is not None and runtime is not None and value < runtime:
            raise ValueError(f"{value} is less than max_runtime_minutes ({runtime}), which it includes")
        return value


class NetworkSettings(SettingsTable):
    """The network of the jobs: a new isolated one, or existing subnets."""

    isolated: Flag = False
    """Whether to create a network that reaches only the two buckets."""
    subnets: tuple[SubnetId, ...] = Field(default=(), max_length=16)
    """Subnets of an existing VPC with a route to S3, each in a different zone."""
    security_groups: tuple[SecurityGroupId, ...] = Field(default=(), max_length=5, validate_default=True)
    """Security groups of the instances in these subnets."""

    # The validator of the last field sees the other fields.
    @field_validator("security_groups")
    @classmethod
    def _one_network(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        isolated, subnets = info.data.get("isolated"), info.data.get("subnets")
        if isolated and (subnets or value):
            raise ValueError("isolated = true creates subnets and a security group; remove isolated, or the given ones")
        if isolated is False and subnets is not None and not (subnets and value):
            raise ValueError("set subnets and security_groups, or isolated = true, or remove [network]")
        return value


class FunctionsSettings(SettingsTable):
    """The functions' share of the account's Lambda concurrency."""

    reserved_concurrency: int | None = Field(default=None, strict=True, ge=1, le=100)
    """Concurrent executions that Lambda reserves for each function. They are also its limit. Lambda keeps 100
    executions unreserved, and a new account has only ten in total. If absent, the functions share the account's
    pool."""
