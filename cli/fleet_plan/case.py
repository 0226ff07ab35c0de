"""One fleet to plan: its work, machine and speed, each with where it is from."""

import math
from dataclasses import dataclass

from cli.fleet_plan.assumed import Assumed
from cli.fleet_plan.measured import Measured
from infra.settings.training_job import TrainingJobSettings
from job_code.demand.work_sizes import WorkSizes
from lambdas.plan.handler import CHUNKS_PER_INSTANCE
from lambdas.plan_fleet.fleet import BELIEVED, Assumptions, Machine, Rate, Work
from lambdas.plan_fleet.instance_types import cores_of

HORIZON = 12  # weeks ahead: what was measured
# What a vCPU does of what a core of the benchmark's machine did.
VCPU_SHARE = 0.5
# Of an chunk, measured: what is handed over of `python -m benchmarks.generator --weeks 156` has 4.63 with 20,000
# series in 16 chunks, 4.51 with 200,000 in 36.
OBJECT_BYTES_A_VALUE = 4.6


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked.

    Attributes:
        series: Number of series.
        periods: Length of each one's history.
        instance_type: SageMaker's name of it.
        hourly_price: US dollars; None for the environment's.
        volume_gb: Disk of each instance; None for the environment's.
        environment: Whose prices and disks count.
        instances: As an environment fixes them; None for the fewest that keep the deadline.
    """

    series: int
    periods: int
    instance_type: str
    hourly_price: float | None
    volume_gb: float | None
    environment: str
    instances: int | None = None


@dataclass(frozen=True)
class Case:
    """What the sizing needs.

    Attributes:
        work: What is to be forecast.
        machine: What each instance is.
        rate: How fast a core forecasts.
        assumptions: What else it depends on.
        assumed: All of it for a reader.
    """

    work: Work
    machine: Machine
    rate: Rate
    assumptions: Assumptions
    assumed: tuple[Assumed, ...]


def case_of(question: Question, job: TrainingJobSettings, measured: Measured) -> Case:
    """Turns a question into a case.

    Args:
        question: What is asked.
        job: The environment's training job.
        measured: The benchmark's run of the job.
    """
    values = question.series * question.periods
    work = Work(
        series=question.series,
        chunks=chunks_of(values, instances=question.instances),
        bytes=round(values * OBJECT_BYTES_A_VALUE),
    )
    price, price_assumed = _price(question, job)
    volume_gb = job.volume_gb if question.volume_gb is None else question.volume_gb
    machine = Machine(question.instance_type, cores_of(question.instance_type), price, volume_gb)
    rate, rate_assumed = rate_of(measured)
    disk: Assumed = (
        Assumed("disk of an instance", f"{volume_gb:,g} GB", "given", "--volume-gb")
        if question.volume_gb is not None
        else Assumed(
            "disk of an instance", f"{volume_gb:,g} GB", "given", f"environments/{question.environment}.toml, volume_gb"
        )
    )
    assumed = (
        *rate_assumed,
        Assumed("vCPUs of an instance", f"{machine.cores:,}", "published", "EC2's tables of instance types"),
        price_assumed,
        disk,
        Assumed(
            "chunks",
            f"{work.chunks:,}",
            "given",
            f"{values / work.chunks:,.0f} values each: shards in equal parts (job_code/demand/work_sizes.py)",
        ),
        Assumed(
            "demand in S3",
            f"{work.bytes / 1e9:,.1f} GB",
            "measured",
            f"{OBJECT_BYTES_A_VALUE:g} bytes a value, made-up demand handed over; series without gaps",
        ),
        *_believed(BELIEVED),
    )
    return Case(work, machine, rate, BELIEVED, assumed)


def chunks_of(values: int, *, instances: int | None) -> int:
    """In how many chunks the job hands over so many values: each of its shards in as many as it takes, all alike."""
    sizes = WorkSizes().for_fleet(values, CHUNKS_PER_INSTANCE * (instances or 1))
    shards = sizes.shards(values)
    return shards * math.ceil(values / shards / sizes.values_per_chunk)


def rate_of(measured: Measured) -> tuple[Rate, tuple[Assumed, ...]]:
    """Returns the series that a vCPU forecasts a second, and where that number comes from."""
    a_core = measured.series / measured.stages["predict"] / measured.cores
    source = (
        f"{measured.series:,} series of {measured.weeks} weeks, {HORIZON} ahead "
        "(benchmarks/results.json, stage predict)"
    )
    return Rate(a_core * VCPU_SHARE, measured=False, source=source), (
        Assumed("a core forecasts", f"{a_core:,.0f} series/s", "measured", source),
        Assumed("a vCPU does of that", f"{VCPU_SHARE:g}", "believed", "a thread of a core's two; README: older cores"),
    )


def _price(question: Question, job: TrainingJobSettings) -> tuple[float | None, Assumed]:
    """As given, as the environment has it, or by another size of the family there: twice as much for twice the size."""
    name, prices = "price of an hour", job.hourly_prices
    file = f"environments/{question.environment}.toml, hourly_prices"
    if question.hourly_price is not None:
        return question.hourly_price, Assumed(name, f"${question.hourly_price:,.3f}", "given", "--price")
    if question.instance_type in prices:
        price = prices[question.instance_type]
        return price, Assumed(name, f"${price:,.3f}", "given", f"{file}; Processing as training")
    family = question.instance_type.rpartition(".")[0]
    for other, of_other in prices.items():
        if other.rpartition(".")[0] == family:
            times = cores_of(question.instance_type) / cores_of(other)
            price = times * of_other
            source = f"{times:g} x {other} in {file}; Processing as training"
            return price, Assumed(name, f"${price:,.3f}", "believed", source)
    return None, Assumed(name, "not known", "given", f"no {family} in {file}; give --price")


def _believed(assumptions: Assumptions) -> tuple[Assumed, ...]:
    return (
        Assumed(
            "start-up",
            f"{assumptions.startup_seconds:,.0f} s",
            "believed",
            "3 to 5 minutes; AWS publishes none, aws/sagemaker-python-sdk issue 4358 tells of 8",
        ),
        Assumed(
            "of it not billed",
            f"{assumptions.startup_unbilled_seconds:,.0f} s",
            "believed",
            "the wait for machines, as with training jobs: billed from ProcessingStartTime",
        ),
        Assumed(
            "download of an instance",
            f"{assumptions.download_mb_per_second:,.0f} MB/s",
            "believed",
            "published: gp2 disks up to 170 GiB write 128 MiB/s (EBS guide); the network has 873 and more",
        ),
        Assumed(
            "an chunk beside its forecasts",
            f"{assumptions.object_seconds:g} s of a core",
            "believed",
            "measured: 0.01 s for 800,000 values, checksum, unpacking and reading; the rest for two uploads",
        ),
        Assumed(
            "disk for a byte in S3",
            f"{assumptions.disk_bytes_per_byte:g}",
            "measured",
            "the chunks; of one a core as much again and 0.08 of forecasts; something to spare",
        ),
        Assumed(
            "gathering at the end",
            f"{assumptions.gather_seconds:,.0f} s",
            "believed",
            "by the first instance, while all are billed",
        ),
        Assumed(
            "of it for each chunk",
            f"{1000 * assumptions.gather_seconds_an_object:g} ms more",
            "believed",
            "measured: 1.6 ms from a local server, 16 at a time, one process; a vCPU takes twice that",
        ),
        Assumed(
            "slower for twice the instances",
            f"{assumptions.slower_a_doubling:.0%}",
            "believed",
            "chosen by this simulation: most runs keep what is planned",
        ),
    )
