"""Steps about an operator's work: rejected runs, a fleet, the schedule, late demand, a stop, and a roll back."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
from botocore.exceptions import ClientError

from cli.acceptance.environment_file import FLEET_INSTANCES
from cli.acceptance.steps.demand import HISTORY, LAST_WEEK, last_week, make_demand, upload
from cli.acceptance.steps.runs import expect_published, published_by, succeeded
from cli.acceptance.steps.step import UnexpectedError, expect
from cli.acceptance.trial import Trial

if TYPE_CHECKING:
    from mypy_boto3_scheduler.type_defs import GetScheduleOutputTypeDef

# EventBridge Scheduler starts an execution within one minute after the time, and takes a moment to know a change.
START_DELAY = timedelta(seconds=75)
LOCAL_START_DELAY = timedelta(seconds=5)
START_SECONDS, LOCAL_START_SECONDS = 300.0, 30.0
STOP_SECONDS = 600.0
SCHEDULED_EXECUTION = "scheduled_execution"
# Beginning of CloudWatch's summary after it sent a message about an alarm.
EXECUTED_ACTION = "Successfully executed action"


def hold(trial: Trial) -> str:
    """Run with half of the series, which the quality gate rejects."""
    before = trial.published_run()
    rows = make_demand(trial).filter(pl.col("ds") < last_week(trial))
    articles = rows["article_id"].unique().sort()
    upload(trial, rows.filter(pl.col("article_id").is_in(articles[: len(articles) // 2].to_list())), name=HISTORY)
    execution, ended = trial.execute({}, expects="QualityGateFailed")
    seen = f"{ended.status} {ended.error}: {ended.cause}"
    expect((ended.status, ended.error) == ("FAILED", "QualityGateFailed"), seen)
    expect_published(trial, before)
    (held,) = trial.jobs_of(execution)
    trial.record.keep(held_run=held)
    return f"{ended.error}; run {before} stays published, and run {held} waits for approval"


def publish(trial: Trial) -> str:
    """Publish the rejected run by hand, and restore the demand."""
    held = trial.record.facts["held_run"]
    execution, ended = trial.execute({"publish": held})
    succeeded(ended)
    jobs = trial.jobs_of(execution)
    expect(not jobs, f"publishing by hand started {', '.join(jobs)}")
    expect_published(trial, held)
    upload(trial, make_demand(trial).filter(pl.col("ds") < last_week(trial)), name=HISTORY)
    return f"no job; run {held} is published"


def fleet(trial: Trial) -> str:
    """Forecast with a fleet of two instances."""
    _, ended = trial.execute({"fleet": FLEET_INSTANCES, "force": True})
    manifest = published_by(trial, ended)
    instances = manifest["inference"]["instances"]
    expect(instances == FLEET_INSTANCES, f"{instances} instances forecast")
    jobs = trial.place.client("sagemaker").list_processing_jobs(NameContains=trial.settings.name)
    names = [job["ProcessingJobName"] for job in jobs["ProcessingJobSummaries"]]
    expect(names, "SageMaker has no processing job of the environment")
    return f"published run {manifest['run_id']}: {instances} instances forecast {manifest['series']} series"


def start_on_schedule(trial: Trial) -> str:
    """Let the weekly schedule start a run, although the demand of the last week has not arrived."""
    execution = trial.record.facts.get(SCHEDULED_EXECUTION)
    if execution is None:
        execution = _scheduled_start(trial)
        trial.record.keep(**{SCHEDULED_EXECUTION: execution})
    before = trial.published_run()
    ended = trial.follow(execution)
    if (ended.status, ended.error) != ("FAILED", "InputError"):
        trial.record.forget(SCHEDULED_EXECUTION)  # the step starts another one when it is repeated
        raise UnexpectedError(f"{ended.status} {ended.error}: {ended.cause}")
    expect_published(trial, before)
    return f"the schedule started {execution.rpartition(':')[2]}; {ended.error}, because the last week is missing"


def redrive(trial: Trial) -> str:
    """Redrive the failed run after the demand has arrived."""
    workflows, execution = trial.place.client("stepfunctions"), trial.record.facts[SCHEDULED_EXECUTION]
    upload(trial, make_demand(trial).filter(pl.col("ds") == last_week(trial)), name=LAST_WEEK)
    if workflows.describe_execution(executionArn=execution)["status"] == "FAILED":
        workflows.redrive_execution(executionArn=execution)
    manifest = published_by(trial, trial.follow(execution))
    cutoff = last_week(trial).isoformat()
    expect(manifest["cutoff"] == cutoff, f"the cutoff is {manifest['cutoff']}, not {cutoff}")
    return f"the same execution published run {manifest['run_id']} with the cutoff {cutoff}"


def abort(trial: Trial) -> str:
    """Stop an execution while its job runs."""
    before, sagemaker = trial.published_run(), trial.place.client("sagemaker")
    execution = trial.start({"force": True}, expects=None)
    workflows = trial.place.client("stepfunctions")

    def is_running() -> bool:
        return workflows.describe_execution(executionArn=execution)["status"] == "RUNNING"

    def job_runs() -> bool:
        jobs = trial.jobs_of(execution)
        if not jobs:
            return False
        try:
            job = sagemaker.describe_training_job(TrainingJobName=jobs[-1])
        except ClientError as error:
            if "not found" in str(error):  # the history has the request before SageMaker has the job
                return False
            raise
        # A job is InProgress for minutes before its container starts.
        return job["SecondaryStatus"] == "Training"

    with trial.display.progress("waiting for the job"):
        trial.wait_until(lambda: job_runs() or not is_running())
    if is_running():
        workflows.stop_execution(executionArn=execution, cause="onejob acceptance: the step abort")
    ended = trial.follow(execution)
    expect(ended.status == "ABORTED", f"{ended.status} {ended.error}: {ended.cause}")
    job = trial.jobs_of(execution)[-1]
    with trial.display.progress(f"waiting until {job} has stopped"):
        trial.wait_until(lambda: _status(sagemaker, job) not in ("InProgress", "Stopping"), seconds=STOP_SECONDS)
    expect(_status(sagemaker, job) == "Stopped", f"job {job} is {_status(sagemaker, job)}")
    expect_published(trial, before)
    return f"job {job} stopped, and run {before} stays published"


def roll_back(trial: Trial) -> str:
    """Publish the first run again."""
    first = trial.record.facts["first_run"]
    _, ended = trial.execute({"publish": first})
    succeeded(ended)
    expect_published(trial, first)
    return f"run {first} is published again, although its cutoff is older"


def alarms(trial: Trial) -> str:
    """Look for the alarms of the failed and of the rejected run, and for their messages to the topic."""
    cloudwatch, since = trial.place.client("cloudwatch"), datetime.fromisoformat(trial.record.started_at)
    wanted = [f"{trial.settings.name}-{name}" for name in ("failed", "pending-approval")]

    def rang(alarm: str) -> bool:
        history = cloudwatch.describe_alarm_history(AlarmName=alarm, StartDate=since, EndDate=datetime.now(UTC))
        seen = [item["HistorySummary"] for item in history["AlarmHistoryItems"]]
        return all(any(part in summary for summary in seen) for part in ("to ALARM", EXECUTED_ACTION))

    trial.wait_until(lambda: all(map(rang, wanted)), seconds=STOP_SECONDS)
    silent = [alarm for alarm in wanted if not rang(alarm)]
    expect(not silent, f"never in ALARM, or without a message to the topic: {', '.join(silent)}")
    return f"in ALARM since the start, with messages to the topic: {', '.join(wanted)}"


def _scheduled_start(trial: Trial) -> str:
    """Set the weekly schedule to one time soon, and return the execution that it starts."""
    scheduler, workflows = trial.place.client("scheduler"), trial.place.client("stepfunctions")
    (schedule,) = [
        found
        for found in scheduler.list_schedules(NamePrefix=trial.settings.name)["Schedules"]
        if found["Name"] == f"{trial.settings.name}-weekly"
    ]
    given = scheduler.get_schedule(GroupName=schedule["GroupName"], Name=schedule["Name"])
    machine = trial.outputs["StateMachineArn"]

    def executions() -> set[str]:
        pages = workflows.get_paginator("list_executions").paginate(stateMachineArn=machine)
        return {execution["executionArn"] for page in pages for execution in page["executions"]}

    before = executions()
    delay = START_DELAY if trial.place.is_aws else LOCAL_START_DELAY
    moment = datetime.now(UTC) + delay
    changed = _changeable(given)
    try:
        scheduler.update_schedule(
            **{
                **changed,
                "ScheduleExpression": f"at({moment:%Y-%m-%dT%H:%M:%S})",
                "ScheduleExpressionTimezone": "UTC",
                "State": "ENABLED",
            }
        )
        with trial.display.progress(f"waiting for the schedule at {moment:%H:%M:%S} UTC"):
            trial.wait_until(
                lambda: executions() > before, seconds=START_SECONDS if trial.place.is_aws else LOCAL_START_SECONDS
            )
    finally:
        scheduler.update_schedule(**changed)
    started = executions() - before
    expect(len(started) == 1, f"the schedule started {len(started)} executions ")
    return started.pop()


def _changeable(schedule: "GetScheduleOutputTypeDef") -> dict[str, Any]:
    """Return the fields of a schedule that UpdateSchedule takes. It removes every field that it is not given."""
    answered_only = ("Arn", "CreationDate", "LastModificationDate", "ResponseMetadata")
    return {name: value for name, value in schedule.items() if name not in answered_only}


def _status(sagemaker: Any, job: str) -> str:  # noqa: ANN401
    return str(sagemaker.describe_training_job(TrainingJobName=job)["TrainingJobStatus"])
