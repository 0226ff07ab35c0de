"""The functions and jobs that the states of a run call, and the longest duration of an execution."""

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import Duration

from infra.functions.python_function import PythonFunction
from infra.jobs.sagemaker_job import SagemakerJob
from infra.workflow.failure_path import FailureSteps
from infra.workflow.fleet_path import FleetSteps

# Time for all states other than the jobs: every function with its retries, and the notifications.
OTHER_STATES = Duration.hours(1)


def longest_execution(jobs: Sequence[SagemakerJob]) -> Duration:
    """Return the longest duration of an execution, which is also the lease of its run."""
    longest = OTHER_STATES
    for job in jobs:
        longest = longest.plus(job.longest)
    return longest


@dataclass(frozen=True, kw_only=True)
class RunSteps:
    """The functions and jobs that the states call, in the order of a run.

    Attributes:
        plan: Decides cutoff, name, configuration and input.
        claim: Leases a run to one execution.
        preflight: Checks the prerequisites of a run.
        training_job: Trains, and forecasts if no fleet does.
        fleet: Function and job of the fleet; None if the environment has no fleet.
        check_run: Compares a run's files with its manifest.
        quality_gate: Checks a run against the thresholds of `[gate]`.
        publish: Moves the partition's pointer to a run.
        failure: Functions of the failure path.
    """

    plan: PythonFunction
    claim: PythonFunction
    preflight: PythonFunction
    training_job: SagemakerJob
    fleet: FleetSteps | None
    check_run: PythonFunction
    quality_gate: PythonFunction
    publish: PythonFunction
    failure: FailureSteps

    @property
    def functions(self) -> list[PythonFunction]:
        """Every function that a state calls."""
        own = [self.plan, self.claim, self.preflight, self.check_run, self.quality_gate, self.publish]
        of_fleet = [self.fleet.plan_fleet] if self.fleet else []
        return [*own, *of_fleet, *self.failure.functions]

    @property
    def jobs(self) -> list[SagemakerJob]:
        """Every job that a state runs."""
        return [self.training_job, self.fleet.job] if self.fleet else [self.training_job]
