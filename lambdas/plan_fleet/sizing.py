"""Choose the number of a fleet's instances, and estimate its duration and cost."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from contract.limits import MAX_INSTANCES

from .fleet import (
    DEFAULT_ASSUMPTIONS,
    Assumptions,
    FleetTime,
    InstanceSpec,
    Rate,
    Work,
    cost_usd,
    disk_bytes,
    fleet_time,
)

# If the deadline cannot be met, the last minute of speed is not worth its cost.
NEAR_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class FleetPlan:
    """Plan of a fleet.

    Attributes:
        instance_type: SageMaker's name of the type.
        instances: Number of instances; the fewest that the disks allow if only gathering is left.
        seconds: Time from the request to the end, which most runs keep.
        startup_seconds: Part of this time before the first forecast.
        cost_usd: Cost in US dollars; None without a price.
        keeps_deadline: Whether the plan meets the deadline; None without a deadline.
        notes: Notes for the operator, one sentence each.
    """

    instance_type: str
    instances: int
    seconds: float
    startup_seconds: float
    cost_usd: float | None
    keeps_deadline: bool | None
    notes: tuple[str, ...]

    @property
    def words(self) -> str:
        """The plan in one line: `6 x ml.m5.4xlarge, about 11 minutes, about $1.02`."""
        cost = "" if self.cost_usd is None else f", about ${self.cost_usd:,.2f}"
        return f"{self.instances} x {self.instance_type}, about {minutes(self.seconds)}{cost}"


def size_fleet(
    work: Work,
    instance: InstanceSpec,
    rate: Rate,
    *,
    instances: int | None,
    deadline_seconds: int | None,
    quota: int | None,
    assumptions: Assumptions = DEFAULT_ASSUMPTIONS,
) -> FleetPlan:
    """Plan a fleet.

    Args:
        work: The work that is left.
        instance: Properties of the instance type.
        rate: Throughput of a core.
        instances: Requested number of instances, at least 1; None for the fewest that meet the deadline.
        deadline_seconds: Deadline from the request to the end, in seconds; None without one.
        quota: Maximum number of instances in the account; None if unknown.
        assumptions: Further assumptions about time and disk space.
    """
    sizing = _Sizing(
        work=work, instance=instance, rate=rate, assumptions=assumptions, deadline_seconds=deadline_seconds, quota=quota
    )
    chosen = sizing.fewest() if instances is None else sizing.as_near_as_may_be(instances)
    time = sizing.time(chosen)
    in_time = None if deadline_seconds is None else time.seconds <= deadline_seconds
    return FleetPlan(
        instance_type=instance.instance_type,
        instances=chosen,
        seconds=time.seconds,
        startup_seconds=time.startup_seconds,
        cost_usd=cost_usd(chosen, instance, time.billed_seconds),
        keeps_deadline=in_time,
        notes=tuple(sizing.notes(chosen, asked=instances)),
    )


def minutes(seconds: float) -> str:
    """Return a duration in whole minutes, e.g. `11 minutes`, because an estimate is not exact to the second."""
    whole = max(1, round(seconds / 60))
    return f"{whole:,} minute{'s' if whole != 1 else ''}"


@dataclass(frozen=True, kw_only=True)
class _Sizing:
    work: Work
    instance: InstanceSpec
    rate: Rate
    assumptions: Assumptions
    deadline_seconds: int | None
    quota: int | None

    @property
    def most(self) -> int:
        """Maximum useful number: an instance without a chunk would cost money for nothing."""
        return min(self.work.total_chunks, MAX_INSTANCES)

    @property
    def allowed(self) -> int:
        return self.most if self.quota is None else max(1, min(self.most, self.quota))

    @property
    def least(self) -> int:
        """Minimum number for the disks; the maximum if even that has too little space."""
        return next((n for n in range(1, self.allowed) if self._fits(n)), self.allowed)

    def time(self, instances: int) -> FleetTime:
        return fleet_time(self.work, self.instance, self.rate, instances=instances, assumptions=self.assumptions)

    def fewest(self) -> int:
        in_time = self._fewest_in_time(self.allowed)
        if in_time is not None:
            return in_time
        late = self._fastest(self.allowed) + NEAR_SECONDS
        return next(n for n in range(self.least, self.allowed + 1) if self.time(n).seconds <= late)

    def as_near_as_may_be(self, asked: int) -> int:
        return max(self.least, min(asked, self.allowed, max(1, self.work.chunks)))

    def notes(self, chosen: int, *, asked: int | None) -> Iterator[str]:
        if not self.work.chunks:
            yield "no chunks are left to forecast, the fleet only gathers the results"
        elif asked is not None and chosen != asked:
            yield f"{_instances(asked)} requested, but {self._limit(chosen < asked)}; the fleet uses {chosen:,}"
        if self.quota is not None and self.quota < 1:
            yield "the quota is 0, so no instance can start until it is raised"
        if not self._fits(chosen):
            needed = self._disk_bytes(chosen) / 1e9
            yield f"a disk of {self.instance.volume_gb:,g} GB is too small: each instance needs about {needed:,.0f} GB"
        if self.deadline_seconds is not None and self.time(chosen).seconds > self.deadline_seconds:
            yield self._late(chosen, self.deadline_seconds)

    def _limit(self, lowered: bool) -> str:
        if not lowered:
            return f"that is too few for disks of {self.instance.volume_gb:,g} GB"
        if self.allowed < min(self.most, self.work.chunks):
            return f"the quota is {self.quota:,}"
        if self.work.chunks <= MAX_INSTANCES:
            return "1 chunk is left" if self.work.chunks == 1 else f"{self.work.chunks:,} chunks are left"
        return f"a job may have at most {MAX_INSTANCES:,}"

    def _late(self, chosen: int, deadline_seconds: int) -> str:
        """Return a note with the number of instances that meets the deadline, or that none does."""
        seconds, startup = self.time(chosen).seconds, self.assumptions.startup_seconds
        deadline, over = minutes(deadline_seconds), round((seconds - deadline_seconds) / 60)
        more = f"about {minutes(seconds)}, {f'{over:,}' if over else 'seconds'} more than the deadline"
        enough = self._fewest_in_time(self.most)
        if enough is not None and enough > self.allowed:
            return f"with the quota of {_instances(self.allowed)}, the fleet takes {more}; {enough:,} would meet it"
        if enough is not None:
            return f"with {_instances(chosen)}, the fleet takes {more}; {enough:,} would meet it"
        if startup >= deadline_seconds:
            return f"no number of instances meets the deadline of {deadline}: startup alone takes {minutes(startup)}"
        fastest = minutes(60 * math.ceil(self._fastest(self.most) / 60))  # rounded up, so that it exceeds the deadline
        bare = minutes(startup + self.assumptions.gathering(self.work))
        return (
            f"no number of instances meets the deadline of {deadline}: the fastest takes {fastest}, at least {bare} "
            "for startup and gathering"
        )

    def _fastest(self, most: int) -> float:
        """Return the shortest time in seconds. With more instances, the slowest takes longer to start."""
        return min(self.time(n).seconds for n in range(self.least, most + 1))

    def _fewest_in_time(self, most: int) -> int | None:
        if self.deadline_seconds is None:
            return self.least
        counts = range(self.least, most + 1)
        return next((n for n in counts if self.time(n).seconds <= self.deadline_seconds), None)

    def _disk_bytes(self, instances: int) -> float:
        return disk_bytes(self.work, instances=instances, assumptions=self.assumptions)

    def _fits(self, instances: int) -> bool:
        return self._disk_bytes(instances) <= self.instance.volume_gb * 1e9


def _instances(count: int) -> str:
    return f"{count:,} instance{'s' if count != 1 else ''}"
