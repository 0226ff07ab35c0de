"""The SageMaker jobs of a deployment, with their image, network and roles."""

from aws_cdk import Stack
from aws_cdk import aws_s3 as s3

from infra.common.stack_context import StackContext
from infra.jobs.container_image import ContainerImage
from infra.jobs.execution_roles import fleet_role, training_role
from infra.jobs.isolated_vpc import IsolatedNetwork
from infra.jobs.processing_job import ProcessingFleet
from infra.jobs.sagemaker_job import JobParts, SagemakerJob
from infra.jobs.training_job import TrainingJob
from infra.jobs.vpc_config import JobNetwork


class Jobs:
    """Creates the jobs in a stack.

    Args:
        stack: The stack.
        context: Shared resources of the stack.
        demand: Bucket that the training job reads.
        forecasts: Bucket that every job writes to.

    Attributes:
        image: Container image of every job.
        training: The training job.
        fleet: The fleet's processing job; None if the environment has no `[fleet]`.
    """

    def __init__(self, stack: Stack, *, context: StackContext, demand: s3.IBucket, forecasts: s3.IBucket) -> None:
        self._stack = stack
        self.image = ContainerImage(stack, "Image", context=context)
        parts = JobParts(
            settings=context.settings,
            image=self.image,
            key=context.key,
            forecasts=forecasts,
            network=self._network(context, [demand, forecasts]),
        )
        self.training = self._training(parts, demand)
        self.fleet = self._fleet(parts)

    @property
    def all(self) -> list[SagemakerJob]:
        """Every job of the deployment, in the order of a run."""
        return [self.training] if self.fleet is None else [self.training, self.fleet]

    def _network(self, context: StackContext, buckets: list[s3.IBucket]) -> JobNetwork | None:
        """Return the network of the jobs; None means SageMaker's own."""
        settings = context.settings.network
        if settings is None:
            return None
        if not settings.isolated:
            return JobNetwork(settings.subnets, settings.security_groups)
        log_group = context.log_group(self._stack, "FlowLogs")
        return IsolatedNetwork(self._stack, "Network", name=context.name, buckets=buckets, log_group=log_group).network

    def _training(self, parts: JobParts, demand: s3.IBucket) -> TrainingJob:
        role = training_role(self._stack, "Training", parts=parts, demand=demand)
        return TrainingJob(self._stack, "Job", parts=parts, role=role)

    def _fleet(self, parts: JobParts) -> ProcessingFleet | None:
        fleet = parts.settings.fleet
        if fleet is None:
            return None
        role = fleet_role(self._stack, "FleetAccess", parts=parts)
        return ProcessingFleet(self._stack, "Fleet", fleet=fleet, parts=parts, role=role)
