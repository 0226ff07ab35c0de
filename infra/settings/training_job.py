"""What an environment settles about the training job and the functions: machines, limits, network."""

from pydantic import Field, ValidationInfo, field_validator

from infra.settings.field_types import (
    Flag,
    InstanceType,
    Minutes,
    SecurityGroupId,
    SubnetId,
    Table,
    Threshold,
    TrainingInstanceType,
)

MAX_INSTANCE_TYPES = 5


def some_and_each_once(instance_types: tuple[str, ...]) -> tuple[str, ...]:
    """Returns the types that may be tried one after the other.

    Not by the field's own limits: these would be told beside each type that is refused by itself.

    Raises:
        ValueError: If there are none or too many, or some twice.
    """
    if not 1 <= len(instance_types) <= MAX_INSTANCE_TYPES:
        raise ValueError(f"{len(instance_types)} given; 1 to {MAX_INSTANCE_TYPES} are needed")
    twice = sorted({name for name in instance_types if instance_types.count(name) > 1})
    if twice:
        raise ValueError(f"{', '.join(twice)} given more than once")
    return instance_types


class TrainingJobSettings(Table):
    """The machine and its limits.

    Attributes:
        spot: Whether to use spare capacity: cheaper, and may have to start over.
        instance_types: In order of preference; the next one is tried when AWS has none of one left. Just one with
            `spot`: there the job waits until it is stopped, and no answer says that a type is not to be had.
        volume_gb: Disk for demand and forecasts, in GB.
        max_runtime_minutes: The job is stopped after this many minutes of work.
        max_wait_minutes: With `spot` only: minutes for waiting and working together.
        hourly_prices: What an hour of an instance type costs, for the cost of runs; a type without one has none.
    """

    # Before the fields whose checks depend on it.
    spot: Flag = False
    instance_types: tuple[TrainingInstanceType, ...]
    volume_gb: int = Field(strict=True, ge=1, le=16_384)
    max_runtime_minutes: Minutes
    max_wait_minutes: Minutes | None = Field(default=None, validate_default=True)
    hourly_prices: dict[InstanceType, Threshold] = Field(default_factory=dict)

    @field_validator("instance_types")
    @classmethod
    def _one_with_spot(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        some_and_each_once(value)
        if info.data.get("spot") is True and len(value) > 1:
            raise ValueError(f"{len(value)} given; spot waits for its one type: give one type, or set spot = false")
        return value

    # On the field and not on the model, so that it is reported together with what else is wrong in the table.
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


class NetworkSettings(Table):
    """What the training job can reach: a network made for it, or one that is there.

    Attributes:
        isolated: Makes one, from which nothing can be reached but the two buckets.
        subnets: Of a VPC that leads to S3, each in a zone of its own.
        security_groups: Of the machines in these subnets.
    """

    isolated: Flag = False
    subnets: tuple[SubnetId, ...] = Field(default=(), max_length=16)
    security_groups: tuple[SecurityGroupId, ...] = Field(default=(), max_length=5, validate_default=True)

    # On the last field: it sees the others.
    @field_validator("security_groups")
    @classmethod
    def _one_network(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        isolated, subnets = info.data.get("isolated"), info.data.get("subnets")
        if isolated and (subnets or value):
            raise ValueError("isolated = true makes subnets and a security group: remove those given, or isolated")
        if isolated is False and subnets is not None and not (subnets and value):
            raise ValueError("give subnets and security_groups, or isolated = true, or no [network] at all")
        return value


class FunctionsSettings(Table):
    """The functions' share of the account.

    Attributes:
        reserved_concurrency: Executions kept for each function, and the most it may have; the account's pool serves
            all of them when absent. Lambda keeps 100 of the account's unreserved: a young account has ten in all.
    """

    reserved_concurrency: int | None = Field(default=None, strict=True, ge=1, le=100)
