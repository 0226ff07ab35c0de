"""Permissions that Step Functions itself requires of a state machine's role, besides those of the calls of its states.

- To create or update a state machine: those for its log destination, and for the EventBridge rule of `.sync` tasks.
- To run a distributed Map: those for executions of the state machine. A redriven Map Run also redrives its items.

The developer guide lists them (cw-logs, connect-sagemaker, connect-stepfunctions, iam-policies-eg-dist-map).
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from moto.core.exceptions import AWSError
from moto.stepfunctions.models import StateMachine, StepFunctionBackend

from local_cloud.core.patching import patch_attribute
from local_cloud.iam.authorizer import Authorizer
from local_cloud.iam.statements import Permission
from local_cloud.step_functions.definitions import all_states

_LOG_ACTIONS = (
    "CreateLogDelivery",
    "GetLogDelivery",
    "UpdateLogDelivery",
    "DeleteLogDelivery",
    "ListLogDeliveries",
    "PutResourcePolicy",
    "DescribeResourcePolicies",
    "DescribeLogGroups",
)
_RULE_ACTIONS = ("DescribeRule", "PutRule", "PutTargets")
# The rules with which Step Functions learns that an operation of a `.sync` task has ended.
_RULES = {
    "sagemaker:createProcessingJob": "StepFunctionsGetEventsForSageMakerProcessingJobsRule",
    "sagemaker:createTrainingJob": "StepFunctionsGetEventsForSageMakerTrainingJobsRule",
    "states:startExecution": "StepFunctionsGetEventsForStepFunctionsExecutionRule",
}


class AccessDeniedError(AWSError):
    """A state machine's role lacks a permission."""

    TYPE = "AccessDeniedException"
    STATUS = 400


@dataclass(frozen=True)
class RolePermissions:
    """Checks the roles of state machines.

    Attributes:
        authorizer: Decides by the policies; None if roles may do everything.
    """

    authorizer: Authorizer | None

    def missing(self, role: str, permissions: Iterator[Permission]) -> Permission | None:
        """Return the first permission that a role lacks; None if it has them all.

        Args:
            role: ARN of the role.
            permissions: The permissions.
        """
        if self.authorizer is None:
            return None
        return self.authorizer.first_missing(self.authorizer.role(role), permissions)

    def check_rules(self, role: str, definition: str, *, region: str, account: str) -> None:
        """Check the permissions for the rules of the `.sync` tasks in a definition.

        Raises:
            AccessDeniedError: The role lacks one.
        """
        needed = (
            Permission(f"events:{action}", f"arn:aws:events:{region}:{account}:rule/{rule}")
            for rule in dict.fromkeys(_rules(json.loads(definition)))
            for action in _RULE_ACTIONS
        )
        if self.missing(role, needed):
            raise AccessDeniedError(f"'{role}' is not authorized to create managed-rule.")

    def check_logging(self, role: str, configuration: Mapping[str, Any] | None) -> None:
        """Check the permissions for the log destination, if a state machine has one.

        Args:
            role: ARN of the role.
            configuration: The logging configuration of a request or of a template.

        Raises:
            AccessDeniedError: The role lacks one.
        """
        names = {name.lower(): value for name, value in (configuration or {}).items()}
        if names.get("level", "OFF") == "OFF" or not names.get("destinations"):
            return
        if self.missing(role, (Permission(f"logs:{action}", "*") for action in _LOG_ACTIONS)):
            raise AccessDeniedError("The state machine IAM Role is not authorized to access the Log Destination")


def permissions_of_map_run(execution: str, item: str, *, redriven: bool) -> Iterator[Permission]:
    """Yield the permissions that a distributed Map requires of its state machine's role.

    Args:
        execution: ARN of the execution.
        item: ARN of an item's execution.
        redriven: Whether the Map Run is redriven.
    """
    machine = execution.rpartition(":")[0].replace(":execution:", ":stateMachine:")
    yield Permission("states:StartExecution", machine)
    yield Permission("states:DescribeExecution", execution)
    yield Permission("states:StopExecution", execution)
    if redriven:
        yield Permission("states:RedriveExecution", item)


def install(permissions: RolePermissions) -> None:
    """Check roles when moto creates or updates a state machine."""

    def checking_creation(original: Callable[..., StateMachine]) -> Callable[..., StateMachine]:
        def create_state_machine(self: StepFunctionBackend, **request: Any) -> StateMachine:  # noqa: ANN401
            role, definition = request["roleArn"], request["definition"]
            permissions.check_rules(role, definition, region=self.region_name, account=self.account_id)
            permissions.check_logging(role, request.get("loggingConfiguration"))
            return original(self, **request)

        return create_state_machine

    def checking_update(original: Callable[..., StateMachine]) -> Callable[..., StateMachine]:
        def update_state_machine(
            self: StepFunctionBackend,
            arn: str,
            definition: str | None = None,
            role: str | None = None,
            logging_configuration: Mapping[str, Any] | None = None,
            **more: object,
        ) -> StateMachine:
            known = self.describe_state_machine(arn)
            new_role, new_definition = role or known.roleArn, definition or known.definition
            permissions.check_rules(new_role, new_definition, region=self.region_name, account=self.account_id)
            permissions.check_logging(new_role, logging_configuration or known.loggingConfiguration)
            return original(self, arn, definition, role, logging_configuration=logging_configuration, **more)

        return update_state_machine

    def checking_templates(original: Callable[..., StateMachine]) -> object:
        """Check the log destination, which moto does not read from templates."""

        def from_template(_model: object, /, *given: Any, **named: Any) -> StateMachine:  # noqa: ANN401
            properties = (named.get("cloudformation_json") or given[1])["Properties"]
            permissions.check_logging(properties["RoleArn"], properties.get("LoggingConfiguration"))
            return original(*given, **named)

        return classmethod(from_template)

    patch_attribute(StepFunctionBackend, "create_state_machine", checking_creation)
    patch_attribute(StepFunctionBackend, "update_state_machine", checking_update)
    for name in ("create_from_cloudformation_json", "update_from_cloudformation_json"):
        patch_attribute(StateMachine, name, checking_templates)


def _rules(machine: Mapping[str, Any]) -> Iterator[str]:
    for _, state in all_states(machine):
        action, _, pattern = str(state.get("Resource", "")).rpartition(":::")[2].partition(".")
        if pattern.startswith("sync") and action in _RULES:
            yield _RULES[action]
