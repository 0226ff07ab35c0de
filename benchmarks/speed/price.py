"""What a run costs as a SageMaker Training Job.

SageMaker bills, by the second, from the start on the instance, image and data download included, to the end of the
upload (`TrainingStartTime` and `TrainingEndTime` of DescribeTrainingJob). The estimate adds a flat time for what is not
measured here, and assumes that the instance's cores are as fast as the measured machine's and as many: a vCPU of these
types is one of a core's two threads, which are slower where both are busy. The storage volume is not in it; it costs a
fraction of a cent.
"""

from dataclasses import dataclass

BESIDE_THE_RUN = 180.0  # seconds billed for downloading image and demand, and uploading forecasts: on the high side
GIBIBYTE = 2**30


@dataclass(frozen=True)
class Instance:
    """An instance type.

    Attributes:
        name: Its name.
        cores: Number of vCPUs.
        memory: Bytes.
        hourly: Price of an hour of training on demand in us-east-1, US dollars.
    """

    name: str
    cores: int
    memory: int
    hourly: float


# ml.m5.large: AWS Price List, usage type USE1-Train:ml.m5.large, $0.115 on 2026-08-11. That is 1.2 times the price of
# the same instance on EC2 ($0.096). The others are estimated by that factor from EC2 (us-east-1, Linux, 2026): m6i as
# m5, m7i 5 % more ($0.1008), and twice as much for twice the size.
INSTANCES = (
    Instance("ml.m5.large", 2, 8 * GIBIBYTE, 0.115),
    Instance("ml.m6i.large", 2, 8 * GIBIBYTE, 0.115),
    Instance("ml.m7i.large", 2, 8 * GIBIBYTE, 0.121),
    Instance("ml.m7i.xlarge", 4, 16 * GIBIBYTE, 0.242),
)


def price(seconds: float, instance: Instance) -> float:
    """US dollars for a run.

    Args:
        seconds: Of the run itself.
        instance: Where it runs.
    """
    return (seconds + BESIDE_THE_RUN) / 3600 * instance.hourly
