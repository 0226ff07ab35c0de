"""EventBridge rules about executions: when an execution ends, matching rules call their functions and topics."""

import json
import logging
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3
from moto.events.models import events_backends
from moto.events.utils import EventMessageType, EventTemplateParser
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication, Execution

from local_cloud.core.patching import patch_attribute
from local_cloud.core.server_settings import ServerSettings

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
                _deliver_to_target(target, event, settings)
            except Exception:
                _LOG.exception("rule %s: cannot deliver the event to %s", rule.name, target["Arn"])


def _deliver_to_target(target: dict[str, Any], event: EventMessageType, settings: ServerSettings) -> None:
    content: Any = {name: value for name, value in event.items() if name != "ingestion-time"}
    if transformer := target.get("InputTransformer"):
        content = EventTemplateParser.parse(transformer["InputTemplate"], transformer.get("InputPathsMap", {}), event)
    service = target["Arn"].split(":")[2]
    connection = settings.connection(event["region"])
    if service == "lambda":
        functions, payload = boto3.client("lambda", **connection), json.dumps(content).encode()
        functions.invoke(FunctionName=target["Arn"], InvocationType="Event", Payload=payload)
    elif service == "sns":
        message = content if isinstance(content, str) else json.dumps(content)
        boto3.client("sns", **connection).publish(TopicArn=target["Arn"], Message=message)
    else:
        _LOG.warning("the local cloud does not deliver events to %s targets", service)
