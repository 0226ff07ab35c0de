"""Reads from CloudWatch Logs the lines of the SageMaker jobs and Lambda functions that an execution used."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from local_cloud.client.client_factory import ClientFactory

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import (
        DescribeLogStreamsRequestPaginateTypeDef,
        GetLogEventsRequestTypeDef,
        OutputLogEventTypeDef,
    )
    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef

_JOB_GROUPS = {"TrainingJobName": "/aws/sagemaker/TrainingJobs", "ProcessingJobName": "/aws/sagemaker/ProcessingJobs"}


@dataclass(frozen=True)
class LogLine:
    """One log line.

    Attributes:
        time: The timestamp of the log event.
        source: The name of the job or function.
        host: The job's instance, such as `algo-1`; empty for a function.
        text: The line.
    """

    time: datetime
    source: str
    host: str
    text: str


@dataclass(frozen=True)
class StartedJob:
    """A job that an execution asked SageMaker to create."""

    log_group: str
    name: str


def jobs_of(history: Iterable["HistoryEventTypeDef"]) -> list[StartedJob]:
    """Return the SageMaker jobs named in an execution's history."""
    found = []
    for parameters in _task_parameters(history, "sagemaker"):
        found += [
            StartedJob(group, parameters[key])
            for key, group in _JOB_GROUPS.items()
            if isinstance(parameters.get(key), str)
        ]
    return list(dict.fromkeys(found))


class JobLogs:
    """Reads every line of jobs' logs once."""

    def __init__(self, logs: "CloudWatchLogsClient") -> None:
        self._logs = logs
        self._tokens: dict[tuple[str, str], str] = {}

    def new_lines(self, jobs: Iterable[StartedJob]) -> list[LogLine]:
        """Return the lines that arrived since the last call."""
        return [line for job in jobs for line in self._of_job(job)]

    def _of_job(self, job: StartedJob) -> Iterator[LogLine]:
        for stream in stream_names(self._logs, job.log_group, prefix=f"{job.name}/"):
            host = stream.rpartition("/")[2].rpartition("-")[0]
            yield from self._of_stream(job, stream, host)

    def _of_stream(self, job: StartedJob, stream: str, host: str) -> Iterator[LogLine]:
        token = self._tokens.get((job.log_group, stream))
        request: GetLogEventsRequestTypeDef = {
            "logGroupName": job.log_group,
            "logStreamName": stream,
            "startFromHead": True,
        }
        while True:
            if token:
                request["nextToken"] = token
            page = self._logs.get_log_events(**request)
            for event in page["events"]:
                yield LogLine(_time(event), job.name, host, event["message"])
            if page["nextForwardToken"] == token or not page["events"]:
                self._tokens[job.log_group, stream] = page["nextForwardToken"]
                return
            token = page["nextForwardToken"]


def lambda_log_lines(
    client: ClientFactory, history: Iterable["HistoryEventTypeDef"], *, since: datetime
) -> list[LogLine]:
    """Return the lines that the execution's Lambda functions printed since its start."""
    logs, functions = client("logs"), client("lambda")
    names = {
        str(p["FunctionName"]).split(":function:")[-1]
        for p in _task_parameters(history, "lambda")
        if "FunctionName" in p
    }
    lines = []
    for name in sorted(names):
        configuration = functions.get_function_configuration(FunctionName=name)
        group = configuration.get("LoggingConfig", {}).get("LogGroup", f"/aws/lambda/{name.split(':')[0]}")
        for stream in stream_names(logs, group, prefix=None):
            page = logs.get_log_events(
                logGroupName=group, logStreamName=stream, startFromHead=True, startTime=int(since.timestamp() * 1000)
            )
            lines += [LogLine(_time(event), name, "", event["message"]) for event in page["events"]]
    return sorted(lines, key=lambda line: line.time)


def stream_names(logs: "CloudWatchLogsClient", group: str, *, prefix: str | None) -> list[str]:
    """Return the names of a log group's streams; empty if the group does not exist yet."""
    request: DescribeLogStreamsRequestPaginateTypeDef = {"logGroupName": group}
    if prefix:
        request["logStreamNamePrefix"] = prefix
    try:
        pages = logs.get_paginator("describe_log_streams").paginate(**request)
        return [stream["logStreamName"] for page in pages for stream in page["logStreams"]]
    except logs.exceptions.ResourceNotFoundException:
        return []


def _task_parameters(history: Iterable["HistoryEventTypeDef"], resource_type: str) -> Iterator[dict[str, Any]]:
    for event in history:
        scheduled = event.get("taskScheduledEventDetails", {})
        if scheduled.get("resourceType") == resource_type:
            yield json.loads(scheduled["parameters"])


def _time(event: "OutputLogEventTypeDef") -> datetime:
    return datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
