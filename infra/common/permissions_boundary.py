"""The managed policy that an organization requires as a boundary of every role."""

from aws_cdk import PermissionsBoundary


def boundary(policy: str | None) -> PermissionsBoundary | None:
    """Return the permissions boundary of a stack's roles.

    Args:
        policy: Name of a managed policy in the stack's account, or an ARN; None for no boundary.
    """
    if policy is None:
        return None
    return PermissionsBoundary.from_arn(policy) if policy.startswith("arn:") else PermissionsBoundary.from_name(policy)
