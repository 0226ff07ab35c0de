"""Faults of the services that a test may ask for: calls that are throttled, fail, are slow, or whose answer is lost.

A fault waits as a JSON file in a folder until calls that fit have used it up.
"""

import json
import re
import time
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from local_cloud.core.server_settings import ACCESS_KEY
from local_cloud.middleware.api_calls import ApiCall

ApiFaultKind = Literal[
    "throttled", "error", "answer_lost", "slow", "conflict", "swallowed", "damaged", "timed_out", "crashed"
]
"""How a call fails.

- `throttled` and `error`: the server refuses it.
- `answer_lost`: the server does it and answers with an error.
- `slow`: it takes 1.5 seconds longer.
- `conflict`: the condition of a conditional write does not hold.
- `swallowed`, of S3's uploads: the server answers well and stores nothing.
- `damaged`, of S3's uploads: the server stores half of the content.
- `timed_out` and `crashed`, of functions: they fail after all their work.
"""


@dataclass(frozen=True)
class ApiFault:
    """What shall go wrong.

    Attributes:
        service: The calls' signing name.
        action: Their action.
        kind: How they go wrong.
        subject: Regular expression that is found in what they are about; any when empty.
        count: How many calls it takes to use the fault up.
    """

    service: str
    action: str
    kind: ApiFaultKind
    subject: str = ""
    count: int = 1


@dataclass(frozen=True)
class ApiFaults:
    """The faults waiting in `folder`."""

    folder: Path

    def add(self, fault: ApiFault) -> None:
        """Makes the next calls that fit go wrong."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for number in range(fault.count):
            name = f"{time.time_ns():020d}-{number:03d}-{uuid.uuid4().hex}"
            unfinished = self.folder / f"{name}.new"
            unfinished.write_text(json.dumps(asdict(fault)))
            unfinished.rename(self.folder / f"{name}.json")

    def clear(self) -> None:
        """Takes back what has not happened."""
        for path in self.folder.glob("*.json") if self.folder.exists() else ():
            path.unlink(missing_ok=True)

    def take(self, call: ApiCall) -> ApiFault | None:
        """Returns and removes the oldest fault that fits; None where there is none, or the call comes from outside."""
        if call.access_key == ACCESS_KEY:
            return None
        for path in sorted(self.folder.glob("*.json")) if self.folder.exists() else ():
            try:
                fault = ApiFault(**json.loads(path.read_text()))
                fits = (fault.service, fault.action) == (call.service, call.action)
                if fits and re.search(fault.subject, call.subject):
                    path.unlink()
                    return fault
            except FileNotFoundError:  # another call has taken it
                continue
        return None
