"""Decides by the trust policy of a role who may assume it."""

import json
from collections.abc import Mapping

from moto.iam.models import iam_backends

from local_cloud.iam.callers import Caller, listed
from local_cloud.iam.decisions import allowing
from local_cloud.iam.statements import Permission, read_policy


def may_assume(
    caller: Caller,
    role: str,
    account: str,
    *,
    action: str = "sts:AssumeRole",
    context: Mapping[str, str] | None = None,
) -> bool:
    """Return whether a service, or the holder of a provider's token, may assume a role.

    It may not if there is no such role.

    Args:
        caller: The service, with the resource for which it acts, or the provider.
        role: ARN of the role.
        account: The account of the role.
        action: The action in the trust policy.
        context: Values of condition keys, by key.

    Raises:
        NotImplementedError: The trust policy has a part that the local cloud does not know.
    """
    roles = iam_backends[account]["aws"].roles
    known = next((each for each in list(roles.values()) if each.arn == role), None)
    if known is None:
        return False
    # A trust policy names no resource: it is the policy of the role.
    statements = listed(json.loads(known.assume_role_policy_document or "{}").get("Statement", []))
    policy = read_policy(json.dumps({"Statement": [{**statement, "Resource": "*"} for statement in statements]}))
    return bool(allowing(Permission(action, role, context or {}), caller, identity=(), resource=policy))
