"""What a job may run on, in order of preference."""

from dataclasses import dataclass

from contract.quotas import training_quota
from infra.settings.training_job import TrainingJobSettings


@dataclass(frozen=True)
class Machine:
    """What a job may run on.

    Attributes:
        instance_type: SageMaker's name of it.
        spot: Whether on spare capacity.
    """

    instance_type: str
    spot: bool

    @property
    def words(self) -> str:
        """As the names of states have it."""
        return f"{self.instance_type}, spot" if self.spot else self.instance_type

    @property
    def quota(self) -> str:
        """As Service Quotas calls how many of its type may train at the same time."""
        return training_quota(self.instance_type, spot=self.spot)


def machines_of(settings: TrainingJobSettings) -> list[Machine]:
    """The machines of an environment: what spare capacity does not do in time is done on demand.

    Args:
        settings: Of its job.
    """
    kinds = (True, False) if settings.spot else (False,)
    return [Machine(instance_type, spot) for instance_type in settings.instance_types for spot in kinds]
