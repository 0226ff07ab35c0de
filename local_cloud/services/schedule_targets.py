"""The targets of schedules: state machines and functions, called as the schedule's role.

Scheduler retries only throttled calls and failures of the target's service. It waits a second, then twice as long each
time, at most a minute. An event that it cannot deliver goes to the dead-letter queue, also as the role: the body is the
call's request.
"""

import itertools
import json
import logging
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.scheduler.models import Schedule

from local_cloud.core.server_settings import Connection, ServerSettings
from local_cloud.iam.callers import Caller
from local_cloud.iam.trust_policies import may_assume
from local_cloud.services.dead_letters import send_to_queue

_LOG = logging.getLogger(__name__)
_ACTIONS = {"states": "sfn:startExecution", "lambda": "lambda:invoke"}
_KINDS = {"states": "stateMachine", "lambda": "function"}
_ONE_TRY = Config(retries={"total_max_attempts": 1})
_MAX_PAUSE_SECONDS = 60


def target_service(arn: str) -> str | None:
    """Return the service of a target: `states` or `lambda`. None if the local cloud cannot call the target."""
    parts = arn.split(":")
    return parts[2] if len(parts) == 7 and _KINDS.get(parts[2]) == parts[5] else None


def scheduler_of(region: str, account: str, group: str) -> Caller:
    """Return Scheduler as it assumes the role of a schedule: its source is the schedule's group."""
    source = f"arn:aws:scheduler:{region}:{account}:schedule-group/{group}"
    return Caller(name="scheduler.amazonaws.com", source=source)


@dataclass(frozen=True, kw_only=True)
class Occurrence:
    """The one time that a schedule fires.

    Attributes:
        schedule: The schedule.
        at: Its time, in UTC.
        settings: The server's settings.
        target: The schedule's target, as it was when the schedule fired.
    """

    schedule: Schedule
    at: datetime
    settings: ServerSettings
    target: Mapping[str, Any]

    def deliver(self) -> None:
        """Call the target. Retry as the schedule's policy says, and store what cannot be delivered."""
        region = self.schedule.arn.split(":")[3]
        caller = scheduler_of(region, self.settings.account, self.schedule.group_name)
        role = self.target["RoleArn"]
        if self.settings.options.iam and not may_assume(caller, role, self.settings.account):
            _LOG.error("%s: the role %s does not let Scheduler assume it", self.schedule.arn, role)
            return
        pauses = self._pauses()
        for attempt in itertools.count(1):
            execution = uuid.uuid4().hex[:16]
            request = self._request(attempt, execution)
            try:
                self._call(request)
                return
            except ClientError as caught:
                error = caught
            pause, exhausted = next(pauses) if _is_retryable(error) else (None, "")
            if pause is None:
                _LOG.warning("%s: cannot call %s: %s", self.schedule.arn, self.target["Arn"], error)
                why = {"EXHAUSTED_RETRY_CONDITION": exhausted} if exhausted else {}
                tried = {"EXECUTION_ID": execution, "RETRY_ATTEMPTS": str(attempt - 1)}
                self._store(request, error, {**tried, **why})
                return
            time.sleep(pause * self.settings.options.time_scale)

    def _pauses(self) -> Iterator[tuple[float | None, str]]:
        """Yield the seconds before each retry with an empty text; last, None with the limit that ends the retries."""
        policy, waited = self.target["RetryPolicy"], 0.0
        for number in range(policy.get("MaximumRetryAttempts", 185)):
            pause = min(2.0**number, _MAX_PAUSE_SECONDS)
            waited += pause
            if waited > policy.get("MaximumEventAgeInSeconds", 86_400):
                yield None, "MaximumEventAgeInSeconds"
            yield pause, ""
        yield None, "MaximumRetryAttempts"

    def _request(self, attempt: int, execution: str) -> dict[str, str]:
        """Return the parameters of the call, in which the values of this attempt replace the keywords."""
        values = {
            "schedule-arn": self.schedule.arn,
            "scheduled-time": _text(self.at),
            "execution-id": execution,
            "attempt-number": str(attempt),
        }
        content = self.target["Input"]
        for name, value in values.items():
            content = content.replace(f"<aws.scheduler.{name}>", value)
        if target_service(self.target["Arn"]) == "states":
            return {"StateMachineArn": self.target["Arn"], "Input": content}
        return {"FunctionName": self.target["Arn"], "InvocationType": "Event", "Payload": content}

    def _call(self, request: dict[str, str]) -> None:
        connection = self._connection(self.target["Arn"])
        if "StateMachineArn" in request:
            machines = boto3.client("stepfunctions", **connection)
            machines.start_execution(stateMachineArn=request["StateMachineArn"], input=request["Input"])
        else:
            functions, payload = boto3.client("lambda", **connection), request["Payload"].encode()
            functions.invoke(FunctionName=request["FunctionName"], InvocationType="Event", Payload=payload)

    def _connection(self, arn: str) -> Connection:
        connection = self.settings.connection(arn.split(":")[3], role=self.target["RoleArn"])
        return {**connection, "config": connection["config"].merge(_ONE_TRY)}

    def _store(self, request: dict[str, str], error: ClientError, attributes: dict[str, str]) -> None:
        """Send the request to the dead-letter queue, if there is one."""
        queue = self.target.get("DeadLetterConfig", {}).get("Arn")
        if queue is None:
            return
        service = target_service(self.target["Arn"])
        assert service is not None
        described = {
            **attributes,
            "ERROR_CODE": error.response["Error"]["Code"],
            "ERROR_MESSAGE": error.response["Error"]["Message"],
            "IS_PAYLOAD_TRUNCATED": "false",
            "SCHEDULED_TIME": _text(self.at),
            "SCHEDULE_ARN": self.schedule.arn,
            "TARGET_ARN": f"arn:aws:scheduler:::aws-sdk:{_ACTIONS[service]}",
        }
        send_to_queue(queue, json.dumps(request), connection=self._connection(queue), attributes=described)


def _is_retryable(error: ClientError) -> bool:
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    code = error.response["Error"]["Code"]
    return status >= 500 or status == 429 or "Throttl" in code or code == "TooManyRequestsException"


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
