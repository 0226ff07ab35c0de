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
    key = temporary_key(role)
    with _LOCK:
        _ROLES[key] = role
    return key


def temporary_key(name: str) -> str:
    """Return an access key in the form of temporary credentials, always the same for a name."""
    return f"ASIA{base64.b32encode(hashlib.sha256(name.encode()).digest()).decode()[:16]}"


def role_of(access_key: str) -> str | None:
    """Return the ARN of the role that an access key belongs to; None if it belongs to no role."""
    with _LOCK:
        return _ROLES.get(access_key)
