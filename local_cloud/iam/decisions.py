"""Decides whether the policies of a caller and of a resource allow a call, by IAM's rules within one account."""

from collections.abc import Sequence

from local_cloud.iam.callers import Caller
from local_cloud.iam.statements import Permission, Statement

# The endpoint on this computer stands for AWS's endpoints, which callers reach by HTTPS.
_TRANSPORT = {"aws:SecureTransport": "true", "s3:TlsVersion": "1.3"}


def allowing(
    needed: Permission, caller: Caller, *, identity: Sequence[Statement], resource: Sequence[Statement]
) -> list[Statement]:
    """Return the statements that allow a permission; empty if none allows it or one denies it.

    A statement of either policy is enough. But a key's policy must allow the call itself, or name the account. Then
    the statements of the identity policies count.

    Args:
        needed: The permission.
        caller: The caller.
        identity: The statements of the caller's own policies.
        resource: The statements of the resource's policy.
    """
    own = {**_TRANSPORT, **caller.context(), **needed.context}
    # KMS has this value only if a service acts in the name of a role or user, not for the service itself.
    hidden = {"kms:viaservice"} if caller.is_service else set()
    context = {key.lower(): value for key, value in own.items() if key.lower() not in hidden}
    named = [(statement, caller.named_by(statement.principal)) for statement in resource]
    of_identity = [statement for statement in identity if statement.fits(needed, context)]
    of_resource = [(each, name) for each, name in named if name is not None and each.fits(needed, context)]
    if any(statement.denies for statement in [*of_identity, *(each for each, _ in of_resource)]):
        return []
    direct = [statement for statement, name in of_resource if name == "itself"]
    of_key = needed.action.startswith("kms:") and needed.resource != "*"
    if of_key and "account" not in [name for _, name in of_resource]:
        return direct
    return [*of_identity, *direct]
