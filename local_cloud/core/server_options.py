"""The caller's options for the server, and their transfer to the server's process."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True, kw_only=True)
class ServerOptions:
    """The caller's options; `LocalCloud` describes them in detail.

    Attributes:
        state_folder: Where images, job folders and logs are kept.
        account: The account of every caller.
        temporary: Whether the server removes the state folder when it ends.
        iam: Whether a role may do only what its policies allow.
        time_scale: Factor for a workflow's Wait states and Retry intervals.
        stop_grace_seconds: Seconds from SIGTERM to SIGKILL when a job is stopped.
        cores_per_instance: Number of this computer's cores for each instance of a job; None for all.
    """

    state_folder: Path
    account: str
    temporary: bool
    iam: bool
    time_scale: float
    stop_grace_seconds: float
    cores_per_instance: int | None

    def to_json(self) -> str:
        """Return the command-line argument of the server's process."""
        return json.dumps({**asdict(self), "state_folder": str(self.state_folder)})

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read the command-line argument of the server's process."""
        options = json.loads(text)
        return cls(**{**options, "state_folder": Path(options["state_folder"])})
