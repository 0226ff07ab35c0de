"""What the caller chooses for the server, and how it travels to the server's process."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True, kw_only=True)
class ServerOptions:
    """The caller's choices; `LocalCloud` says more about each.

    Attributes:
        state_folder: Where images, job folders and logs are kept.
        account: The account every caller is in.
        temporary: Whether the server removes the state folder when it ends.
        iam: Whether a role may do only what its policies allow.
        time_scale: Factor of a workflow's Wait states and Retry intervals.
        stop_grace_seconds: From SIGTERM to SIGKILL when a job is stopped.
        cores_per_instance: How many of the machine's cores an instance of a job has; all when None.
    """

    state_folder: Path
    account: str
    temporary: bool
    iam: bool
    time_scale: float
    stop_grace_seconds: float
    cores_per_instance: int | None

    def to_json(self) -> str:
        """Returns the argument of the server's process."""
        return json.dumps({**asdict(self), "state_folder": str(self.state_folder)})

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Reads the argument of the server's process."""
        given = json.loads(text)
        return cls(**{**given, "state_folder": Path(given["state_folder"])})
