"""STS: a role that trusts an OpenID Connect provider gives its own key to the holder of a token.

Moto's `AssumeRole` gives the keys of nobody, so the CDK acts as the user with the roles of its bootstrap. The signature
of a token is not checked.
"""

import base64
import json
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.iam.models import iam_backends
from moto.sts.exceptions import STSClientError
from moto.sts.responses import TokenResponse

from local_cloud.core.patching import patch_attribute
from local_cloud.core.role_access_keys import access_key_of
from local_cloud.iam.callers import Caller
from local_cloud.iam.trust_policies import may_assume

_DEFAULT_SECONDS = 3600


def install(account: str) -> None:
    """Check the trust policy and the duration, and return the key of the role."""

    def checking(original: Callable[[TokenResponse], ActionResult]) -> Callable[[TokenResponse], ActionResult]:
        def assume_role_with_web_identity(self: TokenResponse) -> ActionResult:
            role = str(self._get_param("RoleArn"))
            _check_token(str(self._get_param("WebIdentityToken")), role, account)
            _check_duration(int(self._get_param("DurationSeconds", _DEFAULT_SECONDS)), role, account)
            answer = original(self)
            given: Any = answer.result
            given["Credentials"].access_key_id = access_key_of(role)
            return answer

        return assume_role_with_web_identity

    patch_attribute(TokenResponse, "assume_role_with_web_identity", checking)


def _check_token(token: str, role: str, account: str) -> None:
    claims = _claims(token)
    issuer = claims["iss"].removeprefix("https://")
    provider = f"arn:aws:iam::{account}:oidc-provider/{issuer}"
    if provider not in iam_backends[account]["aws"].open_id_providers:
        raise STSClientError("InvalidIdentityToken", f"No OpenIDConnect provider found in your account for {issuer}")
    context = {f"{issuer}:{name}": str(value) for name, value in claims.items()}
    caller = Caller(name=provider, account=account)
    if not may_assume(caller, role, account, action="sts:AssumeRoleWithWebIdentity", context=context):
        raise STSClientError("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")


def _check_duration(seconds: int, role: str, account: str) -> None:
    known = iam_backends[account]["aws"].get_role_by_arn(role)
    if seconds > int(known.max_session_duration or _DEFAULT_SECONDS):
        message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        raise STSClientError("ValidationError", message)


def _claims(token: str) -> dict[str, Any]:
    """Return the claims of a JSON Web Token."""
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims
