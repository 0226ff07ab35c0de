"""Recognize the kind of a failure by AWS's messages, if no container wrote a code.

AWS writes these texts: SageMaker's failure reasons, and the errors of Step Functions and of its calls. No pattern may
be made for a sentence of the job, because the job's container writes a code (`contract.error_codes`).
"""

import re

from . import kinds
from .failure_types import FailureType

OUT_OF_MEMORY = re.compile(r"MemoryError|[Oo]ut of memory|OutOfMemory|more memory")
DISK_FULL = re.compile(r"No space left on device|[Ii]nsufficient disk space")
# Patterns of AWS's messages, the most specific first.
BY_PATTERN = (
    (re.compile(r"CapacityError|InsufficientCapacity"), kinds.NO_CAPACITY),
    (re.compile(r"ResourceLimitExceeded|service limit"), kinds.QUOTA),
    (
        re.compile(r"Cannot pull|CannotPull|[Mm]anifest unknown|pull access denied|[Rr]equested image|grant ecr:"),
        kinds.NO_IMAGE,
    ),
    (re.compile(r"No S3 objects found"), kinds.NO_DATA),
    (re.compile(r"[Aa]ccess ?[Dd]enied|not authorized|KMS\.(Disabled|NotFound|KMSInvalidState)"), kinds.DENIED),
    (re.compile(r"Throttl|Rate exceeded|TooManyRequests|SlowDown|ProvisionedThroughputExceeded"), kinds.THROTTLED),
    (
        re.compile(r"Internal(Server)?(Error|Exception)|ServiceUnavailable|Lambda\.ServiceException"),
        kinds.PLATFORM,
    ),
    (re.compile(r"States\.Timeout|Task timed out|Sandbox\.Timedout"), kinds.STATE_TIMED_OUT),
    (DISK_FULL, kinds.DISK_FULL),
    (re.compile(r"Data download failed"), kinds.NO_DATA),
)


def match_failure_type(text: str) -> FailureType | None:
    """Return the kind for the first pattern that a text matches; None if it matches none."""
    return next((kind for pattern, kind in BY_PATTERN if pattern.search(text)), None)
