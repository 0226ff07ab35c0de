"""Finds the policies of a caller and of a resource, decides about a call, and records each decision about a role."""

import json
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from moto.iam.models import iam_backends

from local_cloud.iam.callers import Caller
from local_cloud.iam.decisions import allowing
from local_cloud.iam.resource_policies import statements_about
from local_cloud.iam.statements import Permission, Statement, read_policy

_LOCK = threading.Lock()
_EVERYTHING = read_policy('{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}')


@dataclass(frozen=True)
class Authorizer:
    """Decides by policies whether callers may make calls.

    Attributes:
        account: The account of all roles and resources.
        record_file: The file for every decision about a role, one line of JSON each: role, permission, allowing
            statements.
    """

    account: str
    record_file: Path

    def role(self, arn: str) -> Caller:
        """Return a role as the caller."""
        return Caller(name=arn, account=self.account)

    def user(self) -> Caller:
        """Return the user of the cloud as the caller. Its own policies allow everything."""
        return Caller(name=f"arn:aws:iam::{self.account}:user/administrator", account=self.account)

    def first_missing(self, caller: Caller, permissions: Iterable[Permission]) -> Permission | None:
        """Return the first permission that a caller lacks. None if it has them all, or if IAM does not know the role.

        Args:
            caller: The caller.
            permissions: The permissions that its call needs.

        Raises:
            NotImplementedError: A policy has a part that the local cloud does not know.
        """
        identity = self._identity(caller)
        if identity is None:
            return None
        for needed in permissions:
            role = self.role(needed.role) if needed.role else None
            by_role = role is not None and self._allows(needed, role, self._identity(role) or ())
            if not by_role and not self._allows(needed, caller, identity):
                return needed
        return None

    def _allows(self, needed: Permission, caller: Caller, identity: Sequence[Statement]) -> bool:
        resource = statements_about(needed.resource, self.account)
        by = allowing(needed, caller, identity=identity, resource=resource)
        if not caller.is_service and caller != self.user():
            line = {
                "role": caller.name.rpartition("/")[2],
                "action": needed.action,
                "resource": needed.resource,
                "context": needed.context,
                "by": [statement.document for statement in by],
            }
            with _LOCK, self.record_file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, default=str) + "\n")
        return bool(by)

    def _identity(self, caller: Caller) -> Sequence[Statement] | None:
        """Return the statements of a caller's own policies; None for a role that IAM does not know."""
        if caller.is_service:
            return ()
        if caller == self.user():
            return _EVERYTHING
        roles = iam_backends[self.account]["aws"].roles
        known = next((each for each in list(roles.values()) if each.arn == caller.name), None)
        if known is None:
            return None
        return [statement for text in list(known.policies.values()) for statement in read_policy(text)]
