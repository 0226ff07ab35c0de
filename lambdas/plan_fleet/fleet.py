"""Estimate a fleet's duration and cost from its workload, its instances and assumptions."""

import math
from dataclasses import dataclass

from lambdas.shared.job_facts import SECONDS_AN_HOUR


@dataclass(frozen=True)
class Work:
    """The part of a handover that is left to forecast.

    Attributes:
        series: Number of series left.
        chunks: Number of archives left in S3, about equal in size. One core forecasts a whole chunk.
        bytes: Total size of all chunks. The instances also load the chunks that are already forecast.
        done: Number of chunks that are already forecast.
        shared_bytes: Size of the files that every instance loads and unpacks.
    """

    series: int
    chunks: int
    bytes: int
    done: int = 0
    shared_bytes: int = 0

    @property
    def total_chunks(self) -> int:
        """Number of all chunks."""
        return self.chunks + self.done

    def dealt_to_one(self, instances: int) -> int:
        """Return the largest number of chunks that one instance gets; chunks are assigned by number."""
        return math.ceil(self.total_chunks / instances)

    def left_to_one(self, instances: int) -> int:
        """Return the most chunks that one instance may have to forecast.

        All chunks left may belong to one instance, e.g. to a lost instance.
        """
        return min(self.chunks, self.dealt_to_one(instances))

    def bytes_of_one(self, instances: int) -> float:
        """Return the size of the chunks that one instance loads, in bytes."""
        return self.bytes / self.total_chunks * self.dealt_to_one(instances)


@dataclass(frozen=True)
class InstanceSpec:
    """Properties of an instance type.

    Attributes:
        instance_type: SageMaker's name of the type.
        cores: Number of vCPUs.
        hourly_price: US dollars; None if unknown.
        volume_gb: Size of the disk, in GB.
    """

    instance_type: str
    cores: int
    hourly_price: float | None
    volume_gb: float


@dataclass(frozen=True)
class Rate:
    """Throughput of a core.

    Attributes:
        series_per_second_per_core: Throughput with the history and horizon of the workload.
        measured: Whether an earlier run was measured. Its throughput then includes the overhead of a chunk.
        source: Source of the number.
    """

    series_per_second_per_core: float
    measured: bool
    source: str


@dataclass(frozen=True, kw_only=True)
class Assumptions:
    """Assumptions about a fleet that has not run yet. They are pessimistic, because deadlines depend on them.

    Attributes:
        startup_seconds: Time from the request to an instance's container. AWS publishes no figure. Users report 3 to 5
            minutes, and one 8 minutes for a script of half a minute (aws/sagemaker-python-sdk issue 4358).
        startup_unbilled_seconds: Part of the startup that SageMaker does not bill: the wait for an instance. The image
            download is billed. Training jobs work like this (from TrainingStartTime); for Processing's
            ProcessingStartTime it is assumed.
        download_mb_per_second: Rate of one instance from S3 to its disk. The network is faster (an m5.large reached
            873 MB/s from S3: dvassallo/s3-benchmark, 2019). The disk, a gp2 volume, writes 128 MiB/s while it is small.
        seconds_per_chunk: Overhead of a core per chunk. Checksum, unpacking and reading took 0.01 s on the benchmark's
            host (800,000 values, of 2,000,000). The rest is assumed for the chunk's two uploads, which run in parallel
            to the work.
        disk_bytes_per_byte: Disk space per byte of demand in S3. All chunks stay on disk. Each core also has one
            unpacked chunk (the same size again) and its forecasts (0.08 times the size). These values were measured;
            the rest is a reserve.
        gather_seconds: Time after the last chunk. The first instance detects the end and writes the report; the other
            instances cost money until then.
        gather_seconds_per_chunk: Time to list and read a chunk's marker, 16 at a time in one process. It took 1.6 ms on
            the benchmark's host, from a local server without TLS; a vCPU is assumed to take twice as long.
        slowdown_per_doubling: Additional share of time that the slowest instance takes to start, load and forecast, for
            each doubling of the number of instances. The value is from the simulation (cli/fleet_plan, default chances,
            ml.m5.4xlarge). A plan with 0.1 meets its deadline in more than nine of ten runs, for 50 million series in
            12 or 15 minutes and 500 million in 20. With 0.075, the latter meets it in eight of ten; with 0, in none.
    """

    startup_seconds: float = 300.0
    startup_unbilled_seconds: float = 120.0
    download_mb_per_second: float = 100.0
    seconds_per_chunk: float = 0.05
    disk_bytes_per_byte: float = 1.25
    gather_seconds: float = 30.0
    gather_seconds_per_chunk: float = 0.003
    slowdown_per_doubling: float = 0.1

    def slowest(self, instances: int) -> float:
        """Return the time of the slowest of so many instances, as a multiple of one instance's time."""
        return 1 + self.slowdown_per_doubling * math.log2(instances)

    def gathering(self, work: Work) -> float:
        """Return the time after the last chunk, in seconds."""
        return self.gather_seconds + self.gather_seconds_per_chunk * work.total_chunks

    def of_object(self, work: Work, rate: Rate) -> float:
        """Return the time of a core for a chunk, in seconds."""
        forecasting = work.series / max(1, work.chunks) / rate.series_per_second_per_core
        return forecasting if rate.measured else forecasting + self.seconds_per_chunk


DEFAULT_ASSUMPTIONS = Assumptions()
# A third of the throughput of a core of the benchmark's host, for 156 weeks of history and 12 weeks ahead
# (benchmarks/results.json). A vCPU is one of a core's two threads, and older cores take twice the time.
DEFAULT_RATE = Rate(13_500, measured=False, source="a third of the benchmark's speed")


@dataclass(frozen=True)
class FleetTime:
    """Duration of a fleet, by stage.

    Attributes:
        startup_seconds: Time until the slowest instance's container runs.
        download_seconds: Time until an instance has its chunks.
        forecast_seconds: Time until the last chunk is forecast.
        gather_seconds: Time until all chunks are listed.
        billed_seconds: Billed time of each instance.
    """

    startup_seconds: float
    download_seconds: float
    forecast_seconds: float
    gather_seconds: float
    billed_seconds: float

    @property
    def seconds(self) -> float:
        """Time from the request to the end."""
        return self.startup_seconds + self.download_seconds + self.forecast_seconds + self.gather_seconds


def fleet_time(
    work: Work, instance: InstanceSpec, rate: Rate, *, instances: int, assumptions: Assumptions = DEFAULT_ASSUMPTIONS
) -> FleetTime:
    """Return the duration of a fleet. The slowest instance has the most chunks and decides it.

    Each core takes one chunk per round. The last round takes as long as the others, even if it has fewer chunks.
    """
    slowest = assumptions.slowest(instances)
    rounds = math.ceil(work.left_to_one(instances) / instance.cores)
    startup = assumptions.startup_seconds * slowest
    download = (work.bytes_of_one(instances) + work.shared_bytes) / (assumptions.download_mb_per_second * 1e6) * slowest
    forecast = rounds * assumptions.of_object(work, rate) * slowest
    gathering = assumptions.gathering(work)
    return FleetTime(
        startup_seconds=startup,
        download_seconds=download,
        forecast_seconds=forecast,
        gather_seconds=gathering,
        billed_seconds=startup - assumptions.startup_unbilled_seconds + download + forecast + gathering,
    )


def disk_bytes(work: Work, *, instances: int, assumptions: Assumptions = DEFAULT_ASSUMPTIONS) -> float:
    """Return the disk space that each instance needs for its part of the demand, in bytes."""
    return work.bytes_of_one(instances) * assumptions.disk_bytes_per_byte + 2 * work.shared_bytes


def cost_usd(instances: int, instance: InstanceSpec, billed_seconds: float) -> float | None:
    """Return the cost of all instances in US dollars; None without a price."""
    if instance.hourly_price is None:
        return None
    return instances * billed_seconds / SECONDS_AN_HOUR * instance.hourly_price
