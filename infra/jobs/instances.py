"""The instance choices of a training job, in order of preference."""

from dataclasses import dataclass

from contract.quotas import training_quota
from infra.settings.training_job import TrainingJobSettings


@dataclass(frozen=True)
class InstanceChoice:
    """An instance type, on demand or spot, that a job may run on.

    Attributes:
        instance_type: SageMaker's name of the type.
        spot: Whether to use spot capacity.
    """

    instance_type: str
    spot: bool

    @property
    def label(self) -> str:
        """Text in the names of states."""
        return f"{self.instance_type}, spot" if self.spot else self.instance_type

    @property
    def quota(self) -> str:
        """Name in Service Quotas of the limit on concurrent training instances of this type."""
        return training_quota(self.instance_type, spot=self.spot)


def instance_choices(settings: TrainingJobSettings) -> list[InstanceChoice]:
    """Return the instance choices of an environment; with spot, an on-demand choice follows each spot choice.

    Args:
        settings: Settings of the training job.
    """
    spot_choices = (True, False) if settings.spot else (False,)
    return [InstanceChoice(instance_type, spot) for instance_type in settings.instance_types for spot in spot_choices]
