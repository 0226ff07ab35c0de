"""Acknowledges the findings of cdk-nag, and of the linters in `linters`, each for one construct and with a reason."""

from aws_cdk import Acknowledgment, IResolvable, Reference, Stack, Token, Tokenization, Validations
from constructs import IConstruct


def acknowledge(construct: IConstruct, *findings: str, reason: str) -> None:
    """Accept one finding on one construct, which several linters may report.

    Args:
        construct: The construct with the finding.
        *findings: Each linter's full id, e.g. `AwsSolutions-SQS3` or `CKV_AWS_18`.
        reason: Reason to accept it.
    """
    for finding in findings:
        Validations.of(construct).acknowledge(Acknowledgment(id=finding, reason=reason))


def acknowledge_inline_policy(role: IConstruct) -> None:
    """Accept that a role has an inline policy instead of a managed one."""
    acknowledge(
        role,
        "NIST.800.53.R5-IAMNoInlinePolicy",
        reason="The permissions belong to this role only. An inline policy cannot be shared and goes with the role.",
    )


def acknowledge_executions(role: IConstruct) -> None:
    """Accept that a role describes executions of standard state machines alone."""
    acknowledge(
        role,
        "parliament-RESOURCE_MISMATCH",
        reason="All state machines are of the standard type. Parliament also expects an ARN of the express type.",
    )


def acknowledge_wildcard(construct: IConstruct, resource: str, reason: str) -> None:
    """Accept that a policy names one resource with a `*` in it.

    Args:
        construct: The policy, or its role.
        resource: The resource as in the policy's statement; it may refer to another stack.
        reason: Reason to accept it.
    """
    reported = resource
    for token in Tokenization.reverse_string(resource).tokens:
        reported = reported.replace(Token.as_string(token), _as_reported(token, construct))
    acknowledge(construct, f"AwsSolutions-IAM5[Resource::{reported}]", reason=reason)


def _as_reported(token: IResolvable, construct: IConstruct) -> str:
    """Return a reference in cdk-nag's notation: `<LogicalId.Attribute>`, or the export's name across stacks."""
    stack = Stack.of(construct)
    if isinstance(token, Reference) and (owner := Stack.of(token.target)).node.path != stack.node.path:
        return str(stack.resolve(owner.export_value(Token.as_string(token)))["Fn::ImportValue"])
    resolved = stack.resolve(token)
    if "Fn::Sub" in resolved:
        return str(resolved["Fn::Sub"]).replace("${", "<").replace("}", ">")
    return f"<{resolved['Ref']}>" if "Ref" in resolved else f"<{'.'.join(resolved['Fn::GetAtt'])}>"
