"""The inputs of a fleet plan: work, instance and throughput, each with its source."""

import math
from dataclasses import dataclass

from cli.fleet_plan.assumption import Assumption
from cli.fleet_plan.measured import Measured
from infra.settings.training_job import TrainingJobSettings
from job_code.demand.work_sizes import WorkSizes
from lambdas.plan.handler import CHUNKS_PER_INSTANCE
from lambdas.plan_fleet.fleet import DEFAULT_ASSUMPTIONS, Assumptions, InstanceSpec, Rate, Work
from lambdas.plan_fleet.instance_types import cores_of

HORIZON = 12  # weeks ahead, as the benchmark measured
# Throughput of a vCPU, as a share of the throughput of a core of the benchmark's host.
VCPU_SHARE = 0.5
# Bytes in S3 for each value of a chunk. Measured on the handover of `python -m benchmarks.generator --weeks 156`:
# 4.63 with 20,000 series in 16 chunks, 4.51 with 200,000 series in 36 chunks.
BYTES_PER_VALUE = 4.6


@dataclass(frozen=True, kw_only=True)
class FleetRequest:
    """The fleet that a user asks about.

    Attributes:
        series: Number of series.
        periods: Periods of history of each series.
        instance_type: SageMaker's name of the type.
        hourly_price: US dollars; None for the environment's price.
        volume_gb: Disk of each instance; None for the environment's disk.
        environment: Name of the environment with the default prices and disk.
        instances: A fixed number of instances; None for the fewest that meet the deadline.
    """

    series: int
    periods: int
    instance_type: str
    hourly_price: float | None
    volume_gb: float | None
    environment: str
    instances: int | None = None


@dataclass(frozen=True)
class Scenario:
    """The inputs of the fleet sizing.

    Attributes:
        work: The series, chunks and bytes to forecast.
        instance: Type, cores, price and disk of each instance.
        rate: Series that a core forecasts per second.
        assumptions: Start-up, download and gathering times.
        assumed: All inputs as lines for the reader.
    """

    work: Work
    instance: InstanceSpec
    rate: Rate
    assumptions: Assumptions
    assumed: tuple[Assumption, ...]


def make_scenario(request: FleetRequest, job: TrainingJobSettings, measured: Measured) -> Scenario:
    """Return the inputs of the sizing for a request.

    Args:
        request: The fleet that the user asks about.
        job: The environment's training job.
        measured: The benchmark's run of the job.
    """
    values = request.series * request.periods
    work = Work(
        series=request.series,
        chunks=chunks_of(values, instances=request.instances),
        bytes=round(values * BYTES_PER_VALUE),
    )
    price, price_assumed = _price(request, job)
    volume_gb = job.volume_gb if request.volume_gb is None else request.volume_gb
    instance = InstanceSpec(request.instance_type, cores_of(request.instance_type), price, volume_gb)
    rate, rate_assumed = rate_of(measured)
    disk: Assumption = (
        Assumption("disk per instance", f"{volume_gb:,g} GB", "given", "--volume-gb")
        if request.volume_gb is not None
        else Assumption(
            "disk per instance", f"{volume_gb:,g} GB", "given", f"environments/{request.environment}.toml, volume_gb"
        )
    )
    assumed = (
        *rate_assumed,
        Assumption("vCPUs per instance", f"{instance.cores:,}", "published", "EC2's tables of instance types"),
        price_assumed,
        disk,
        Assumption(
            "chunks",
            f"{work.chunks:,}",
            "given",
            f"{values / work.chunks:,.0f} values each; shards split equally (job_code/demand/work_sizes.py)",
        ),
        Assumption(
            "demand in S3",
            f"{work.bytes / 1e9:,.1f} GB",
            "measured",
            f"{BYTES_PER_VALUE:g} bytes per value in a handover of synthetic demand; series without gaps",
        ),
        *_default_assumptions(DEFAULT_ASSUMPTIONS),
    )
    return Scenario(work, instance, rate, DEFAULT_ASSUMPTIONS, assumed)


def chunks_of(values: int, *, instances: int | None) -> int:
    """Return the number of chunks of a handover. The job splits each shard into equally many chunks.

    Args:
        values: Series times periods.
        instances: A fixed number of instances; None for a fleet that the job sizes.
    """
    sizes = WorkSizes().for_fleet(values, CHUNKS_PER_INSTANCE * (instances or 1))
    shards = sizes.shards(values)
    return shards * math.ceil(values / shards / sizes.values_per_chunk)


def rate_of(measured: Measured) -> tuple[Rate, tuple[Assumption, ...]]:
    """Return the series that a vCPU forecasts per second, and the assumptions behind it."""
    per_core = measured.series / measured.stages["predict"] / measured.cores
    source = (
        f"{measured.series:,} series of {measured.weeks} weeks, {HORIZON} ahead "
        "(benchmarks/results.json, stage predict)"
    )
    return Rate(per_core * VCPU_SHARE, measured=False, source=source), (
        Assumption("throughput per core", f"{per_core:,.0f} series/s", "measured", source),
        Assumption(
            "vCPU relative to a core",
            f"{VCPU_SHARE:g}",
            "assumed",
            "one of a core's two threads; older cores (docs/benchmarks.md)",
        ),
    )


def _price(request: FleetRequest, job: TrainingJobSettings) -> tuple[float | None, Assumption]:
    """Return the hourly price: from the request, from the environment, or scaled from the same family by vCPUs."""
    name, prices = "price per hour", job.hourly_prices
    file = f"environments/{request.environment}.toml, hourly_prices"
    if request.hourly_price is not None:
        return request.hourly_price, Assumption(name, f"${request.hourly_price:,.3f}", "given", "--price")
    if request.instance_type in prices:
        price = prices[request.instance_type]
        return price, Assumption(name, f"${price:,.3f}", "given", f"{file}; Processing costs as much as training")
    family = request.instance_type.rpartition(".")[0]
    for other, other_price in prices.items():
        if other.rpartition(".")[0] == family:
            times = cores_of(request.instance_type) / cores_of(other)
            price = times * other_price
            source = f"{times:g} x {other} in {file}; Processing costs as much as training"
            return price, Assumption(name, f"${price:,.3f}", "assumed", source)
    return None, Assumption(name, "unknown", "given", f"{file} has no {family}; set --price")


def _default_assumptions(assumptions: Assumptions) -> tuple[Assumption, ...]:
    return (
        Assumption(
            "start-up",
            f"{assumptions.startup_seconds:,.0f} s",
            "assumed",
            "3 to 5 minutes; AWS publishes no value; aws/sagemaker-python-sdk issue 4358 reports 8 minutes",
        ),
        Assumption(
            "unbilled start-up",
            f"{assumptions.startup_unbilled_seconds:,.0f} s",
            "assumed",
            "SageMaker bills from ProcessingStartTime, after the wait for instances, as for training jobs",
        ),
        Assumption(
            "download per instance",
            f"{assumptions.download_mb_per_second:,.0f} MB/s",
            "assumed",
            "published: gp2 disks up to 170 GiB write 128 MiB/s (EBS guide); the network has 873 or more",
        ),
        Assumption(
            "overhead per chunk",
            f"{assumptions.seconds_per_chunk:g} s of a core",
            "assumed",
            "measured: 0.01 s to check, unpack and read 800,000 values; the rest is for two uploads",
        ),
        Assumption(
            "disk bytes per byte in S3",
            f"{assumptions.disk_bytes_per_byte:g}",
            "measured",
            "all chunks; for one chunk per core as much again, and 0.08 for its forecasts; with a reserve",
        ),
        Assumption(
            "gathering at the end",
            f"{assumptions.gather_seconds:,.0f} s",
            "assumed",
            "the first instance gathers while SageMaker bills all instances",
        ),
        Assumption(
            "gathering per chunk",
            f"{1000 * assumptions.gather_seconds_per_chunk:g} ms more",
            "assumed",
            "measured: 1.6 ms from a local server, 16 requests at a time, one process; doubled for a vCPU",
        ),
        Assumption(
            "slowdown per doubling of instances",
            f"{assumptions.slowdown_per_doubling:.0%}",
            "assumed",
            "chosen with --simulate, so that most runs meet the planned time",
        ),
    )
