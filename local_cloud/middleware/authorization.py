"""Enforces IAM: a role's call succeeds only if its policies allow it. Records every permission that a call needs."""

import json
import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from moto.iam.models import iam_backends

from local_cloud.core.role_access_keys import role_of
from local_cloud.middleware.api_calls import read_call
from local_cloud.middleware.policy_evaluation import Permission, allowing
from local_cloud.middleware.required_permissions import needed_for
from local_cloud.middleware.wsgi import read_body, refuse

_LOCK = threading.Lock()


@dataclass(frozen=True)
class Authorizer:
    """Checks calls against the policies of roles.

    Attributes:
        account: The account of all roles.
        record_file: The file for every decision, one line of JSON each: role, permission, allowing statements.
    """

    account: str
    record_file: Path

    def first_missing(self, role: str, permissions: Iterable[Permission]) -> Permission | None:
        """Return the first permission that a role lacks. None if it has them all, or if IAM does not know the role.

        Args:
            role: ARN of the role.
            permissions: The permissions that its call needs.
        """
        statements = self._statements(role)
        if statements is None:
            return None
        for needed in permissions:
            by = [statements[number] for number in allowing(statements, needed)]
            line = {"role": role.rpartition("/")[2], **asdict(needed), "by": by}
            with _LOCK, self.record_file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, default=str) + "\n")
            if not by:
                return needed
        return None

    def _statements(self, role: str) -> list[Mapping[str, Any]] | None:
        backend = iam_backends[self.account]["aws"]
        known = next((each for each in list(backend.roles.values()) if each.arn == role), None)
        if known is None:
            return None
        documents = [json.loads(text) for text in known.policies.values()]
        return [
            statement
            for document in documents
            for statement in (
                document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
            )
        ]


def with_authorization(application: WSGIApplication, authorizer: Authorizer) -> WSGIApplication:
    """Wrap the application so that a role can do only what its policies allow."""

    def call(environment: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        api_call = read_call(environment, read_body(environment))
        role = role_of(api_call.access_key) if api_call else None
        if api_call is not None and role is not None:
            lacking = authorizer.first_missing(role, needed_for(api_call, authorizer.account))
            if lacking is not None:
                code = "AccessDenied" if api_call.service == "s3" else "AccessDeniedException"
                message = f"{role} is not authorized to perform: {lacking.action} on resource: {lacking.resource}"
                return refuse(api_call.service, status=403, code=code, start_response=start_response, message=message)
        return application(environment, start_response)

    return call
