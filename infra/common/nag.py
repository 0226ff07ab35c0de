"""Acknowledging cdk-nag's findings: one construct, one finding, one reason."""

from aws_cdk import Acknowledgment, IResolvable, Reference, Stack, Token, Tokenization, Validations
from constructs import IConstruct


def acknowledge(construct: IConstruct, finding: str, reason: str) -> None:
    """Accepts one finding on one construct.

    Args:
        construct: Where it was found.
        finding: The full id, e.g. `AwsSolutions-SQS3`.
        reason: Why it is right here.
    """
    Validations.of(construct).acknowledge(Acknowledgment(id=finding, reason=reason))


def acknowledge_inline_policy(role: IConstruct) -> None:
    """Accepts that a role's policy is its own, and not a managed one."""
    acknowledge(
        role,
        "NIST.800.53.R5-IAMNoInlinePolicy",
        "What it may do is this role's alone: in the role, it cannot be given to another, and goes when the role goes.",
    )


def acknowledge_wildcard(construct: IConstruct, resource: str, reason: str) -> None:
    """Accepts that a policy names one resource with a `*` in it.

    Args:
        construct: The policy, or the role it belongs to.
        resource: The resource as the policy's statement has it; it may speak of another stack.
        reason: Why it is right here.
    """
    reported = resource
    for token in Tokenization.reverse_string(resource).tokens:
        reported = reported.replace(Token.as_string(token), _as_reported(token, construct))
    acknowledge(construct, f"AwsSolutions-IAM5[Resource::{reported}]", reason)


def _as_reported(token: IResolvable, construct: IConstruct) -> str:
    """How cdk-nag writes a reference: `<LogicalId.Attribute>`, or the export's name where it crosses stacks."""
    stack = Stack.of(construct)
    if isinstance(token, Reference) and (owner := Stack.of(token.target)).node.path != stack.node.path:
        return str(stack.resolve(owner.export_value(Token.as_string(token)))["Fn::ImportValue"])
    resolved = stack.resolve(token)
    return f"<{resolved['Ref']}>" if "Ref" in resolved else f"<{'.'.join(resolved['Fn::GetAtt'])}>"
