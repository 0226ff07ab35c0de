"""What a fleet works on, with what, and what is believed of it."""

import math
from dataclasses import dataclass

SECONDS_AN_HOUR = 3600


@dataclass(frozen=True)
class Work:
    """What is left to forecast.

    Attributes:
        series: Number of series.
        objects: Pieces of demand in S3, about equal in size; each is forecast by one core, whole.
        bytes: Size of all of them.
    """

    series: int
    objects: int
    bytes: int

    def objects_of_one(self, instances: int) -> int:
        """The most objects that one of so many instances gets, as they are dealt out by number."""
        return math.ceil(self.objects / instances)


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
        measured: Whether it was, or is believed.
        source: Where it is from.
    """

    series_per_second_per_core: float
    measured: bool
    source: str


@dataclass(frozen=True)
class Assumptions:
    """What nobody knows before the fleet has run. Rather too much than too little: a deadline hangs on it.

    Attributes:
        startup_seconds: From the request to the slowest instance's container. AWS publishes no figure. Users tell of 3
            to 5 minutes, one of 8 for a script of half a minute (aws/sagemaker-python-sdk issue 4358).
        startup_unbilled_seconds: Part of it before SageMaker bills: the wait for a machine, while the image is paid
            for. So it is with training jobs (from TrainingStartTime); believed of Processing's ProcessingStartTime.
        download_mb_per_second: Of one instance, from S3 to its disk. The network has more (an m5.large took 873 MB/s
            from S3: dvassallo/s3-benchmark, 2019), the disk, a gp2 volume, writes 128 MiB/s while it is small.
        disk_bytes_per_byte: Disk for a byte of demand in S3: the object, what it unpacks to, and its forecasts.
        gather_seconds: After the last object: the first instance lists all forecasts and writes the report, and the
            others are paid for meanwhile.
    """

    startup_seconds: float = 300.0
    startup_unbilled_seconds: float = 120.0
    download_mb_per_second: float = 100.0
    disk_bytes_per_byte: float = 2.5
    gather_seconds: float = 30.0


BELIEVED = Assumptions()
# Half of what a core of the benchmark's machine did, 156 weeks of history and 12 ahead (benchmarks/results.json): a
# vCPU is one of a core's two threads, and older ones take twice the time.
BELIEVED_RATE = Rate(13_500, measured=False, source="half the benchmark's speed")


@dataclass(frozen=True)
class FleetTime:
    """What so many instances take.

    Attributes:
        startup_seconds: Until the slowest instance's container runs.
        download_seconds: Until an instance has its objects.
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
    """Returns the time of so many instances, going by the one with the most objects.

    Its cores take an object each, round after round; the last round takes as long as any, however few it has.
    """
    objects = work.objects_of_one(instances)
    object_seconds = work.series / work.objects / rate.series_per_second_per_core
    download = work.bytes / work.objects * objects / (assumptions.download_mb_per_second * 1e6)
    forecast = math.ceil(objects / machine.cores) * object_seconds
    return FleetTime(
        startup_seconds=assumptions.startup_seconds,
        download_seconds=download,
        forecast_seconds=forecast,
        gather_seconds=assumptions.gather_seconds,
        billed_seconds=assumptions.startup_seconds
        - assumptions.startup_unbilled_seconds
        + download
        + forecast
        + assumptions.gather_seconds,
    )


def disk_bytes(work: Work, *, instances: int, assumptions: Assumptions = BELIEVED) -> float:
    """Disk that each of so many instances needs for its part of the demand."""
    return work.bytes / work.objects * work.objects_of_one(instances) * assumptions.disk_bytes_per_byte


def cost_usd(instances: int, machine: Machine, billed_seconds: float) -> float | None:
    """US dollars for all instances; None without a price."""
    if machine.hourly_price is None:
        return None
    return instances * billed_seconds / SECONDS_AN_HOUR * machine.hourly_price
