"""Estimate the price of a run as a SageMaker Training Job.

SageMaker bills by the second from the start on the instance to the end of the upload (`TrainingStartTime` and
`TrainingEndTime` of DescribeTrainingJob). That includes the downloads of image and data. The estimate adds a constant
for the transfers, which the benchmark does not measure. It assumes as many cores as the measured host, equally fast.
A vCPU of these types is one of a core's two threads, which are slower when both are busy. The estimate omits the
storage volume, which costs a fraction of a cent.
"""

from dataclasses import dataclass

TRANSFER_SECONDS = 180.0  # billed seconds to download image and demand and upload forecasts; a high estimate
GIBIBYTE = 2**30


@dataclass(frozen=True)
class Instance:
    """An instance type.

    Attributes:
        name: SageMaker's name of the type.
        cores: Number of vCPUs.
        memory: Memory in bytes.
        hourly: US dollars per hour of training, on demand in us-east-1.
    """

    name: str
    cores: int
    memory: int
    hourly: float


# ml.m5.large: AWS Price List, usage type USE1-Train:ml.m5.large, $0.115 on 2026-08-11. That is 1.2 times the price of
# the same instance on EC2 ($0.096). The other prices apply this factor to EC2 prices (us-east-1, Linux, 2026): m6i
# costs as much as m5, m7i costs 5 % more ($0.1008), and twice the size costs twice as much.
INSTANCES = (
    Instance("ml.m5.large", 2, 8 * GIBIBYTE, 0.115),
    Instance("ml.m6i.large", 2, 8 * GIBIBYTE, 0.115),
    Instance("ml.m7i.large", 2, 8 * GIBIBYTE, 0.121),
    Instance("ml.m7i.xlarge", 4, 16 * GIBIBYTE, 0.242),
)


def price(seconds: float, instance: Instance) -> float:
    """Return the US dollars for a run.

    Args:
        seconds: Measured seconds of the run, without transfers.
        instance: Instance type.
    """
    return (seconds + TRANSFER_SECONDS) / 3600 * instance.hourly
