"""EventBridge rules about executions: when an execution ends, matching rules call their targets.

EventBridge calls them as a service, so their policies must let it in. An undelivered event goes to the dead-letter
queue of its target.
"""

import json
import logging
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.exceptions import ClientError
from moto.events.models import Rule, events_backends
from moto.events.utils import EventMessageType, EventTemplateParser
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication, Execution

from local_cloud.core.patching import patch_attribute
from local_cloud.core.server_settings import Connection, ServerSettings
from local_cloud.iam.callers import Caller, service_access_key
from local_cloud.services.dead_letters import send_to_queue

_LOG = logging.getLogger(__name__)


def install(settings: ServerSettings) -> None:
    """Send an event to the rules of the default bus whenever an execution ends."""

    def sending_events(original: Callable[[Any], None]) -> Callable[[Any], None]:
        def terminated(self: BaseExecutionWorkerCommunication) -> None:
            original(self)
            event = _status_change_event(self.execution, settings.account)
            threading.Thread(target=_deliver, args=(event, settings), daemon=True).start()

        return terminated

    patch_attribute(BaseExecutionWorkerCommunication, "terminated", sending_events)


def _status_change_event(execution: Execution, account: str) -> Any:  # noqa: ANN401 - moto types the time as number
    arn = str(execution.exec_arn)
    assert execution.exec_status is not None
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Step Functions Execution Status Change",
        "source": "aws.states",
        "account": account,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "ingestion-time": datetime.now(UTC).isoformat(timespec="seconds"),
        "region": arn.split(":")[3],
        "resources": [arn],
        "detail": {
            "executionArn": arn,
            "stateMachineArn": str(execution.state_machine.arn),
            "name": execution.name,
            "status": str(execution.exec_status.value),
            "error": execution.error,
            "cause": execution.cause,
            "redriveCount": getattr(execution, "redrive_count", 0),
            "stopDate": int(time.time() * 1000),
            "input": json.dumps(execution.execution_input),
            "inputDetails": {"included": True},
        },
    }


def _deliver(event: EventMessageType, settings: ServerSettings) -> None:
    bus = events_backends[settings.account][event["region"]].event_buses["default"]
    for rule in list(bus.rules.values()):
        if rule.state != "ENABLED" or not rule.event_pattern.matches_event(event):
            continue
        for target in rule.targets:
            try:
                _deliver_to_target(rule, target, event, settings)
            except Exception as error:
                _LOG.exception("rule %s: cannot deliver the event to %s", rule.name, target["Arn"])
                _store_undelivered(rule, target, event, settings, error)


def _deliver_to_target(rule: Rule, target: dict[str, Any], event: EventMessageType, settings: ServerSettings) -> None:
    content = _content(event)
    if transformer := target.get("InputTransformer"):
        content = EventTemplateParser.parse(transformer["InputTemplate"], transformer.get("InputPathsMap", {}), event)
    service = target["Arn"].split(":")[2]
    if service == "lambda":
        functions, payload = boto3.client("lambda", **_as_rule(rule, settings)), json.dumps(content).encode()
        functions.invoke(FunctionName=target["Arn"], InvocationType="Event", Payload=payload)
    elif service == "sns":
        message = content if isinstance(content, str) else json.dumps(content)
        # By the guides of EventBridge and SNS, no condition about the source holds for a topic and its key.
        topics = boto3.client("sns", **_as_rule(rule, settings, tells_its_arn=False))
        topics.publish(TopicArn=target["Arn"], Message=message)
    elif service == "sqs":
        message = content if isinstance(content, str) else json.dumps(content)
        send_to_queue(target["Arn"], message, connection=_as_rule(rule, settings))
    else:
        _LOG.warning("the local cloud does not deliver events to %s targets", service)


def _store_undelivered(
    rule: Rule, target: dict[str, Any], event: EventMessageType, settings: ServerSettings, error: Exception
) -> None:
    """Send an event to the dead-letter queue of its target, if there is one."""
    queue = target.get("DeadLetterConfig", {}).get("Arn")
    if queue is None:
        return
    refused = isinstance(error, ClientError) and error.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    reasons = {
        "RULE_ARN": rule.arn,
        "TARGET_ARN": target["Arn"],
        "ERROR_CODE": "NO_PERMISSIONS" if refused else "SDK_CLIENT_ERROR",
        "ERROR_MESSAGE": str(error),
    }
    try:
        send_to_queue(queue, json.dumps(_content(event)), connection=_as_rule(rule, settings), attributes=reasons)
    except ClientError:
        _LOG.exception("rule %s: cannot store the event in %s", rule.name, queue)


def _content(event: EventMessageType) -> Any:  # noqa: ANN401 - JSON
    return {name: value for name, value in event.items() if name != "ingestion-time"}


def _as_rule(rule: Rule, settings: ServerSettings, *, tells_its_arn: bool = True) -> Connection:
    """Return the connection of EventBridge, as which a rule calls its targets."""
    caller = Caller(name="events.amazonaws.com", source=rule.arn if tells_its_arn else "")
    return {**settings.connection(rule.region_name), "aws_access_key_id": service_access_key(caller)}
