"""Stacks whose creation fails."""

import json
from typing import Any

from local_cloud import LocalCloud


def reasons_of_failed_creation(cloud: LocalCloud, stack: str, resources: dict[str, Any]) -> list[str]:
    """Create a stack, and return the reasons for which resources could not be created."""
    cloudformation = cloud.client("cloudformation")
    cloudformation.create_stack(StackName=stack, TemplateBody=json.dumps({"Resources": resources}))
    events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    return [event["ResourceStatusReason"] for event in events if event["ResourceStatus"] == "CREATE_FAILED"]
