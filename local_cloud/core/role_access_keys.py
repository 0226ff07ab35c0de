"""Who signs a request: every role has an access key of its own here, so that the server knows whose call it is."""

import base64
import hashlib
import threading

_LOCK = threading.Lock()
_ROLES: dict[str, str] = {}


def access_key_of(role: str) -> str:
    """The access key of a role, as it would be handed out with temporary credentials.

    Args:
        role: ARN of the role.
    """
    digest = base64.b32encode(hashlib.sha256(role.encode()).digest()).decode()
    key = f"ASIA{digest[:16]}"
    with _LOCK:
        _ROLES[key] = role
    return key


def role_of(access_key: str) -> str | None:
    """ARN of the role an access key is of; None where it is of no role."""
    with _LOCK:
        return _ROLES.get(access_key)
