"""Acknowledging a cdk-nag finding: one construct, one finding, one reason."""

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct


def acknowledge(construct: IConstruct, finding: str, reason: str) -> None:
    """Accepts one finding on one construct.

    Args:
        construct: Where it was found.
        finding: The full id, e.g. `AwsSolutions-IAM5[Resource::*]`.
        reason: Why it is right here.
    """
    Validations.of(construct).acknowledge(Acknowledgment(id=finding, reason=reason))
