"""The jobs of a deployment: the image they run, the network they have, and what each of them may do."""

from aws_cdk import Stack

from infra.common.log_group import LogGroup
from infra.jobs.container_image import ContainerImage
from infra.jobs.execution_roles import fleet_role, training_role
from infra.jobs.isolated_vpc import IsolatedNetwork
from infra.jobs.processing_job import ProcessingFleet
from infra.jobs.sagemaker_job import JobParts
from infra.jobs.training_job import TrainingJob
from infra.jobs.vpc_config import JobNetwork
from infra.settings.environment import Settings
from infra.storage.data_stack import DataStack


class Jobs:
    """Makes them in a stack.

    Args:
        stack: Where they are made.
        settings: The environment.
        data: Buckets and key.

    Attributes:
        image: What they run.
        training: The job that trains.
        fleet: The one that forecasts; None where the training job does.
    """

    def __init__(self, stack: Stack, *, settings: Settings, data: DataStack) -> None:
        self._stack, self._data = stack, data
        self.image = ContainerImage(stack, "Image", prebuilt_uri=settings.deployment.image_uri)
        parts = JobParts(
            settings=settings,
            image=self.image,
            key=data.key,
            forecasts=data.forecasts,
            network=self._network(settings),
        )
        self.training = self._training(parts)
        self.fleet = self._fleet(parts)

    def _network(self, settings: Settings) -> JobNetwork | None:
        """Their network; None is SageMaker's own."""
        given, data = settings.network, self._data
        if given is None:
            return None
        if not given.isolated:
            return JobNetwork(given.subnets, given.security_groups)
        log_group = LogGroup(
            self._stack,
            "FlowLogs",
            key=data.key,
            days=settings.retention.log_days,
            removal_policy=data.removal_policy,
        ).log_group
        return IsolatedNetwork(
            self._stack, "Network", name=settings.name, buckets=[data.demand, data.forecasts], log_group=log_group
        ).network

    def _training(self, parts: JobParts) -> TrainingJob:
        role = training_role(self._stack, "Training", parts=parts, demand=self._data.demand)
        return TrainingJob(self._stack, "Job", parts=parts, role=role)

    def _fleet(self, parts: JobParts) -> ProcessingFleet | None:
        fleet = parts.settings.fleet
        if fleet is None:
            return None
        role = fleet_role(self._stack, "FleetAccess", parts=parts)
        return ProcessingFleet(self._stack, "Fleet", fleet=fleet, parts=parts, role=role)
