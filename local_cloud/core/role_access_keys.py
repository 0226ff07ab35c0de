"""Access keys of roles. Every role has its own key, so the server can identify the role that signed a request."""

import base64
import hashlib
import threading

_LOCK = threading.Lock()
_ROLES: dict[str, str] = {}


def access_key_of(role: str) -> str:
    """Return the access key of a role, in the form that temporary credentials have.

    Args:
        role: ARN of the role.
    """
    digest = base64.b32encode(hashlib.sha256(role.encode()).digest()).decode()
    key = f"ASIA{digest[:16]}"
    with _LOCK:
        _ROLES[key] = role
    return key


def role_of(access_key: str) -> str | None:
    """Return the ARN of the role that an access key belongs to; None if it belongs to no role."""
    with _LOCK:
        return _ROLES.get(access_key)
