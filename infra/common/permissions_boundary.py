"""The managed policy that an organisation wants around every role."""

from aws_cdk import PermissionsBoundary


def boundary(policy: str | None) -> PermissionsBoundary | None:
    """What a stack puts on each of its roles.

    Args:
        policy: Name of a managed policy of the stack's account, or an ARN; None puts nothing on them.
    """
    if policy is None:
        return None
    return PermissionsBoundary.from_arn(policy) if policy.startswith("arn:") else PermissionsBoundary.from_name(policy)
