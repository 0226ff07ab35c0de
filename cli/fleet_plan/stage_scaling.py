"""Extrapolate a stage of the job from one core and two to more, by Amdahl's law.

A stage has a serial part, which takes as long on any number of cores, and a parallel part, which all cores share. The
seconds on one core and on two determine both parts.
"""

from dataclasses import dataclass
from typing import Self

# Why a stage gains little from more cores.
REASONS = {
    "sample": "one process draws the sample",
    "fit": "at most six independent fits, and the longest decides; with 12 or more cores it has more threads",
    "backtest": "one process forecasts the held-out periods",
    "record": "one process writes the model and the data of the charts",
    "fingerprint": "one process reads the files' bytes",
    "report": "one process draws the charts",
}
# Most cores that share a stage. With more cores than fits, each fit has more threads. Runs on one core and on two do
# not measure that effect.
MAX_CORES = {"fit": 6}


@dataclass(frozen=True)
class StageScaling:
    """The two parts of a stage.

    Attributes:
        serial: Seconds that no core shares.
        parallel: Seconds of one core that all cores share.
        most_cores: Most cores that share them; None for any number.
    """

    serial: float
    parallel: float
    most_cores: int | None = None

    @classmethod
    def of(cls, stage: str, one: float, two: float) -> Self:
        """Split a stage into its two parts. Neither part is negative, even if the measurements are noisy.

        Args:
            stage: Name of the stage.
            one: Seconds on one core.
            two: Seconds on two cores.
        """
        parallel = min(max(2 * (one - two), 0.0), one)
        return cls(one - parallel, parallel, MAX_CORES.get(stage))

    def seconds(self, cores: int) -> float:
        """Return the seconds on a number of cores."""
        return self.serial + self.parallel / min(cores, self.most_cores or cores)
