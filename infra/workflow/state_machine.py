"""Logging, tracing and role permissions of both state machines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.common.nag import acknowledge_inline_policy, acknowledge_wildcard
from infra.functions.python_function import PythonFunction


def logged_state_machine(
    scope: Construct, *, name: str, comment: str, start: sfn.IChainable, longest: Duration, log_group: logs.ILogGroup
) -> sfn.StateMachine:
    """Create a state machine that traces each execution and logs all its states with their data.

    Args:
        scope: The parent.
        name: Name of the state machine.
        comment: Purpose of an execution.
        start: The first state.
        longest: Timeout of an execution.
        log_group: Log group of the executions.
    """
    return sfn.StateMachine(
        scope,
        "StateMachine",
        state_machine_name=name,
        comment=comment,
        definition_body=sfn.DefinitionBody.from_chainable(start),
        timeout=longest,
        tracing_enabled=True,
        logs=sfn.LogOptions(level=sfn.LogLevel.ALL, include_execution_data=True, destination=log_group),
    )


@dataclass(frozen=True, kw_only=True)
class Rights:
    """The permissions of a state machine's role.

    Attributes:
        functions: Functions that the states call; the CDK adds the permission to invoke them.
        statements: Statements for the other states.
        keys: Keys that the states use, by the Sid of the statement. Publishing to an encrypted topic needs its key.
        wildcards: Reason for the `*` in a resource of `statements`, by the resource.
    """

    functions: Sequence[PythonFunction]
    statements: Sequence[iam.PolicyStatement]
    keys: Mapping[str, kms.IKey]
    wildcards: Mapping[str, str]

    def grant(self, state_machine: sfn.StateMachine) -> None:
        """Grant these permissions to the role of a state machine, and acknowledge each `*` in them."""
        for statement in self.statements:
            state_machine.add_to_role_policy(statement)
        for sid, key in self.keys.items():
            state_machine.add_to_role_policy(
                iam.PolicyStatement(sid=sid, actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[key.key_arn])
            )
        role = state_machine.role
        acknowledge_inline_policy(role)
        for function in self.functions:
            acknowledge_wildcard(role, f"{function.function.function_arn}:*", "All versions of this one function.")
        for resource, reason in self.wildcards.items():
            acknowledge_wildcard(role, resource, reason)
        acknowledge_wildcard(role, "*", "The actions of X-Ray and of log delivery take no resources.")
