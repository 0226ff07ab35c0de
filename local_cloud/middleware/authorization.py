"""IAM, exercised: what a role signs is done only if its policies allow it, and every permission asked for is noted."""

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
class Authoriser:
    """Judges calls by the policies of roles.

    Attributes:
        account: The account of all roles.
        notes: File that every judgement is written to, a line of JSON each: role, permission, and what allowed it.
    """

    account: str
    notes: Path

    def refused(self, role: str, permissions: Iterable[Permission]) -> Permission | None:
        """The first permission that a role does not have; None where it has them all, or where IAM knows no such role.

        Args:
            role: ARN of the role.
            permissions: What it needs.
        """
        statements = self._statements(role)
        if statements is None:
            return None
        for needed in permissions:
            by = [statements[number] for number in allowing(statements, needed)]
            line = {"role": role.rpartition("/")[2], **asdict(needed), "by": by}
            with _LOCK, self.notes.open("a", encoding="utf-8") as file:
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


def with_authorisation(application: WSGIApplication, authoriser: Authoriser) -> WSGIApplication:
    """The application, doing for a role what the role may do."""

    def call(environment: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        made = read_call(environment, read_body(environment))
        role = role_of(made.access_key) if made else None
        if made is not None and role is not None:
            lacking = authoriser.refused(role, needed_for(made, authoriser.account))
            if lacking is not None:
                code = "AccessDenied" if made.service == "s3" else "AccessDeniedException"
                message = f"{role} is not authorized to perform: {lacking.action} on resource: {lacking.resource}"
                return refuse(made.service, status=403, code=code, start_response=start_response, message=message)
        return application(environment, start_response)

    return call
