"""What the states of a run call, and how long an execution may take with it."""

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import Duration

from infra.functions.python_function import PythonFunction
from infra.jobs.sagemaker_job import SagemakerJob
from infra.workflow.failure_path import FailureSteps
from infra.workflow.fleet_path import FleetSteps

# Beside the jobs: every function with its retries, and the messages.
OTHER_STATES = Duration.hours(1)


def longest_execution(jobs: Sequence[SagemakerJob]) -> Duration:
    """Return how long an execution may take at most, and so keep its run to itself."""
    longest = OTHER_STATES
    for job in jobs:
        longest = longest.plus(job.longest)
    return longest


@dataclass(frozen=True, kw_only=True)
class RunSteps:
    """What the states call, in the order of a run.

    Attributes:
        plan: Decides the run.
        claim: Gives a run to one execution.
        preflight: Looks whether everything is there that a run needs.
        training_job: Trains, and forecasts where no fleet does.
        fleet: Forecasts; None where there is no fleet.
        check_run: Compares a run's files with its manifest.
        quality_gate: Judges a run.
        publish: Points readers to a run.
        failure: Explain, note and end a run that failed.
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
