"""`arn:aws:states:::aws-sdk:...` in moto's workflow interpreter: a blob that is a JSON object travels as its text."""

import json
from collections.abc import Callable
from typing import Any

from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_aws_sdk import (
    StateTaskServiceAwsSdk,
)

from local_cloud.patching import replace


def install() -> None:
    """Applies the extension."""
    replace(StateTaskServiceAwsSdk, "_eval_service_task", _with_bodies_as_text)


def _with_bodies_as_text(original: Callable[..., None]) -> Callable[..., None]:
    """What is to be an object in S3 is JSON to a state machine, and bytes to boto3."""

    def eval_service_task(self: StateTaskServiceAwsSdk, **given: Any) -> None:  # noqa: ANN401 (as moto's)
        parameters = given["normalised_parameters"]
        if isinstance(parameters.get("Body"), dict | list):
            parameters = {**parameters, "Body": json.dumps(parameters["Body"], separators=(",", ":")).encode()}
        original(self, **{**given, "normalised_parameters": parameters})

    return eval_service_task
