"""What a fleet works on, with what, and what is believed of it."""

import math
from dataclasses import dataclass

from lambdas.shared.job_facts import SECONDS_AN_HOUR


@dataclass(frozen=True)
class Work:
    """What is left to forecast, among what was handed over.

    Attributes:
        series: Number of series left.
        chunks: Chunks of demand in S3 that are left, about equal in size; each is forecast by one core, whole.
        bytes: Size of all chunks: the instances are dealt those, too, that were forecast before.
        done: Chunks that were forecast before.
        shared_bytes: Size of what every instance loads, and unpacks beside it.
    """

    series: int
    chunks: int
    bytes: int
    done: int = 0
    shared_bytes: int = 0

    @property
    def total_chunks(self) -> int:
        """All chunks."""
        return self.chunks + self.done

    def dealt_to_one(self, instances: int) -> int:
        """The most chunks that one of so many instances gets, as they are dealt out by number."""
        return math.ceil(self.total_chunks / instances)

    def left_to_one(self, instances: int) -> int:
        """The most of them that it may have to forecast: those left may all be with one, as a lost one's are."""
        return min(self.chunks, self.dealt_to_one(instances))

    def bytes_of_one(self, instances: int) -> float:
        """What it loads of the chunks."""
        return self.bytes / self.total_chunks * self.dealt_to_one(instances)


@dataclass(frozen=True)
class Machine:
    """What each instance is.

    Attributes:
        instance_type: SageMaker's name of it.
        cores: Number of vCPUs.
        hourly_price: US dollars; None where nobody said.
        volume_gb: Its disk.
    """

    instance_type: str
    cores: int
    hourly_price: float | None
    volume_gb: float


@dataclass(frozen=True)
class Rate:
    """How fast a core forecasts.

    Attributes:
        series_per_second_per_core: With the history and horizon that the work has.
        measured: Whether a run of the state machine was: then it has all that an chunk takes in it.
        source: Where it is from.
    """

    series_per_second_per_core: float
    measured: bool
    source: str


@dataclass(frozen=True, kw_only=True)
class Assumptions:
    """What nobody knows before the fleet has run. Rather too much than too little: a deadline hangs on it.

    Attributes:
        startup_seconds: From the request to an instance's container. AWS publishes no figure. Users tell of 3 to 5
            minutes, one of 8 for a script of half a minute (aws/sagemaker-python-sdk issue 4358).
        startup_unbilled_seconds: Part of it before SageMaker bills: the wait for a machine, while the image is paid
            for. So it is with training jobs (from TrainingStartTime); believed of Processing's ProcessingStartTime.
        download_mb_per_second: Of one instance, from S3 to its disk. The network has more (an m5.large took 873 MB/s
            from S3: dvassallo/s3-benchmark, 2019), the disk, a gp2 volume, writes 128 MiB/s while it is small.
        object_seconds: Of a core, for an chunk beside its forecasts: 0.01 s for checksum, unpacking and reading were
            measured on the benchmark's machine (800,000 values, of 2,000,000); its part of the two uploads, which are
            made beside the work, is believed to be the rest.
        disk_bytes_per_byte: Disk for a byte of demand in S3: all chunks stay, each core has one unpacked (as many
            bytes again) with its forecasts (0.08 times as many), measured; and something to spare.
        gather_seconds: After the last chunk: the first instance sees that it is there and writes the report, and the
            others are paid for meanwhile.
        gather_seconds_an_object: To list and read an chunk's note, 16 at a time in one process. 1.6 ms were measured
            on the benchmark's machine, from a local server without TLS; twice that on a vCPU.
        slower_a_doubling: How much longer the slowest instance takes, to start, load and forecast, each time there are
            twice as many of them. From the simulation (cli/fleet_plan, believed chances, ml.m5.4xlarge): what is
            planned with 0.1 keeps its deadline in more than nine runs of ten, with 50 million series in 12 or 15
            minutes and 500 million in 20; with 0.075 the latter in eight of ten, with none in none.
    """

    startup_seconds: float = 300.0
    startup_unbilled_seconds: float = 120.0
    download_mb_per_second: float = 100.0
    object_seconds: float = 0.05
    disk_bytes_per_byte: float = 1.25
    gather_seconds: float = 30.0
    gather_seconds_an_object: float = 0.003
    slower_a_doubling: float = 0.1

    def slowest(self, instances: int) -> float:
        """How many times as long as one the slowest of so many instances takes."""
        return 1 + self.slower_a_doubling * math.log2(instances)

    def gathering(self, work: Work) -> float:
        """Seconds after the last chunk."""
        return self.gather_seconds + self.gather_seconds_an_object * work.total_chunks

    def of_object(self, work: Work, rate: Rate) -> float:
        """Seconds that a core takes for an chunk."""
        forecasting = work.series / max(1, work.chunks) / rate.series_per_second_per_core
        return forecasting if rate.measured else forecasting + self.object_seconds


BELIEVED = Assumptions()
# Half of what a core of the benchmark's machine did, 156 weeks of history and 12 ahead (benchmarks/results.json): a
# vCPU is one of a core's two threads, and older ones take twice the time.
BELIEVED_RATE = Rate(13_500, measured=False, source="half the benchmark's speed")


@dataclass(frozen=True)
class FleetTime:
    """What so many instances take.

    Attributes:
        startup_seconds: Until the slowest instance's container runs.
        download_seconds: Until an instance has its chunks.
        forecast_seconds: Until the last of them is forecast.
        gather_seconds: Until they are all listed.
        billed_seconds: Of each instance.
    """

    startup_seconds: float
    download_seconds: float
    forecast_seconds: float
    gather_seconds: float
    billed_seconds: float

    @property
    def seconds(self) -> float:
        """From the request to the end."""
        return self.startup_seconds + self.download_seconds + self.forecast_seconds + self.gather_seconds


def fleet_time(
    work: Work, machine: Machine, rate: Rate, *, instances: int, assumptions: Assumptions = BELIEVED
) -> FleetTime:
    """Returns the time of so many instances, going by the slowest, with the most chunks.

    Its cores take an chunk each, round after round; the last round takes as long as any, however few it has.
    """
    slowest = assumptions.slowest(instances)
    rounds = math.ceil(work.left_to_one(instances) / machine.cores)
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


def disk_bytes(work: Work, *, instances: int, assumptions: Assumptions = BELIEVED) -> float:
    """Disk that each of so many instances needs for its part of the demand."""
    return work.bytes_of_one(instances) * assumptions.disk_bytes_per_byte + 2 * work.shared_bytes


def cost_usd(instances: int, machine: Machine, billed_seconds: float) -> float | None:
    """US dollars for all instances; None without a price."""
    if machine.hourly_price is None:
        return None
    return instances * billed_seconds / SECONDS_AN_HOUR * machine.hourly_price
