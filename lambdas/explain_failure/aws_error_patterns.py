"""Recognize the type of a failure by AWS's messages, if no container wrote a code.

AWS writes these texts: SageMaker's failure reasons, and the errors of Step Functions and of its calls. No pattern may
be made for a sentence of the job, because the job's container writes a code (`contract.error_codes`).
"""

import re

from . import failure_types
from .failure_types import FailureType

OUT_OF_MEMORY = re.compile(r"MemoryError|[Oo]ut of memory|OutOfMemory|more memory")
DISK_FULL = re.compile(r"No space left on device|[Ii]nsufficient disk space")
# Patterns of AWS's messages, the most specific first.
BY_PATTERN = (
    (re.compile(r"CapacityError|InsufficientCapacity"), failure_types.NO_CAPACITY),
    (re.compile(r"ResourceLimitExceeded|service limit"), failure_types.QUOTA),
    (
        re.compile(r"Cannot pull|CannotPull|[Mm]anifest unknown|pull access denied|[Rr]equested image|grant ecr:"),
        failure_types.NO_IMAGE,
    ),
    (re.compile(r"No S3 objects found"), failure_types.NO_DATA),
    (re.compile(r"[Aa]ccess ?[Dd]enied|not authorized|KMS\.(Disabled|NotFound|KMSInvalidState)"), failure_types.DENIED),
    (
        re.compile(r"Throttl|Rate exceeded|TooManyRequests|SlowDown|ProvisionedThroughputExceeded"),
        failure_types.THROTTLED,
    ),
    (
        re.compile(r"Internal(Server)?(Error|Exception)|ServiceUnavailable|Lambda\.ServiceException"),
        failure_types.PLATFORM,
    ),
    (re.compile(r"States\.Timeout|Task timed out|Sandbox\.Timedout"), failure_types.STATE_TIMED_OUT),
    (DISK_FULL, failure_types.DISK_FULL),
    (re.compile(r"Data download failed"), failure_types.NO_DATA),
    (re.compile(r"ValidationException"), failure_types.INVALID_REQUEST),
)


def match_failure_type(text: str) -> FailureType | None:
    """Return the type of the first pattern that a text matches; None if it matches none."""
    return next((failure_type for pattern, failure_type in BY_PATTERN if pattern.search(text)), None)
