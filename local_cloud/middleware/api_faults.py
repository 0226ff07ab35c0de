"""Faults of API calls that a test may request: throttled, failing and slow calls, lost responses and more.

A fault is a JSON file in a folder. It stays there until a matching call uses it up.
"""

import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from local_cloud.core.fault_files import FaultFiles
from local_cloud.core.server_settings import ACCESS_KEY
from local_cloud.middleware.api_calls import ApiCall

ApiFaultKind = Literal[
    "throttled", "error", "answer_lost", "slow", "conflict", "swallowed", "damaged", "timed_out", "crashed"
]
"""The failure of a call.

- `throttled` and `error`: the server refuses the call.
- `answer_lost`: the server executes the call and responds with an error.
- `slow`: the call takes 1.5 seconds longer.
- `conflict`: the condition of a conditional write is false.
- `swallowed` (S3 uploads): the server responds with success and stores nothing.
- `damaged` (S3 uploads): the server stores half of the content.
- `timed_out` and `crashed` (functions): the function fails after all its work.
"""


@dataclass(frozen=True)
class ApiFault:
    """A fault to inject.

    Attributes:
        service: The signing name of the calls.
        action: The action of the calls.
        kind: How the calls fail.
        subject: Regular expression to find in the subject of the calls; empty for any subject.
        count: The number of calls that fail.
    """

    service: str
    action: str
    kind: ApiFaultKind
    subject: str = ""
    count: int = 1


@dataclass(frozen=True)
class ApiFaults:
    """The unused faults in `folder`."""

    folder: Path

    def add(self, fault: ApiFault) -> None:
        """Make the next matching calls fail."""
        for _ in range(fault.count):
            FaultFiles(self.folder).add(asdict(fault))

    def clear(self) -> None:
        """Remove the unused faults."""
        FaultFiles(self.folder).clear()

    def take(self, call: ApiCall) -> ApiFault | None:
        """Return and remove the oldest matching fault.

        Return None if no fault matches, or if the caller is outside the cloud.
        """
        if call.access_key == ACCESS_KEY:
            return None

        def fits(fault: dict[str, Any]) -> bool:
            of_call = (fault["service"], fault["action"]) == (call.service, call.action)
            return of_call and re.search(fault["subject"], call.subject) is not None

        fault = FaultFiles(self.folder).take(fits)
        return None if fault is None else ApiFault(**fault)
