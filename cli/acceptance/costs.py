"""The cost of the acceptance's jobs, from the seconds that SageMaker bills."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cli.acceptance.trial import Trial

SECONDS_PER_HOUR = 3600


@dataclass(frozen=True, kw_only=True)
class JobCosts:
    """Costs of all jobs of the acceptance.

    Attributes:
        jobs: Number of jobs.
        instance_seconds: Billed seconds, summed over all instances.
        dollars: Cost in US dollars by the environment's `hourly_prices`; None if a type has no price.
    """

    jobs: int
    instance_seconds: float
    dollars: float | None


def job_costs(trial: Trial) -> JobCosts:
    """Add up all jobs of the environment since the start of the acceptance."""
    billed = [*_training_jobs(trial), *_processing_jobs(trial)]
    prices: Mapping[str, float] = trial.settings.training_job.hourly_prices
    costs = [seconds * prices[kind] / SECONDS_PER_HOUR if kind in prices else None for kind, seconds in billed]
    known = [cost for cost in costs if cost is not None]
    return JobCosts(
        jobs=len(billed),
        instance_seconds=sum(seconds for _, seconds in billed),
        dollars=sum(known) if len(known) == len(costs) else None,
    )


def _training_jobs(trial: Trial) -> list[tuple[str, float]]:
    """Return the instance type and the billed seconds of each training job."""
    sagemaker, found = trial.place.client("sagemaker"), list[tuple[str, float]]()
    pages = sagemaker.get_paginator("list_training_jobs")
    for page in pages.paginate(NameContains=f"{trial.settings.name}-", CreationTimeAfter=_started(trial)):
        for summary in page["TrainingJobSummaries"]:
            job = sagemaker.describe_training_job(TrainingJobName=summary["TrainingJobName"])
            found.append((job["ResourceConfig"]["InstanceType"], float(job.get("BillableTimeInSeconds", 0))))
    return found


def _processing_jobs(trial: Trial) -> list[tuple[str, float]]:
    """Return the instance type of each processing job, and its seconds for all instances together."""
    sagemaker, found = trial.place.client("sagemaker"), list[tuple[str, float]]()
    pages = sagemaker.get_paginator("list_processing_jobs")
    for page in pages.paginate(NameContains=f"{trial.settings.name}-", CreationTimeAfter=_started(trial)):
        for summary in page["ProcessingJobSummaries"]:
            job = sagemaker.describe_processing_job(ProcessingJobName=summary["ProcessingJobName"])
            cluster = job["ProcessingResources"]["ClusterConfig"]
            if "ProcessingStartTime" in job and "ProcessingEndTime" in job:
                seconds = (job["ProcessingEndTime"] - job["ProcessingStartTime"]).total_seconds()
                found.append((cluster["InstanceType"], seconds * cluster["InstanceCount"]))
    return found


def _started(trial: Trial) -> datetime:
    return datetime.fromisoformat(trial.record.started_at)
