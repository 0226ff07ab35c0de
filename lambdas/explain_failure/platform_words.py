"""The words by which AWS tells what kind of failure it was, where no container wrote a code.

AWS writes these texts: SageMaker's reasons around a container, the errors of Step Functions and of its calls. None of
these patterns may be for a sentence of the job's own: its container writes a code (`contract.error_codes`).
"""

import re

from . import kinds
from .kinds import Kind

OUT_OF_MEMORY = re.compile(r"MemoryError|[Oo]ut of memory|OutOfMemory|more memory")
DISK_FULL = re.compile(r"No space left on device|[Ii]nsufficient disk space")
# Words of AWS's messages, the most telling first.
BY_WORDS = (
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


def first_with(text: str) -> Kind | None:
    """The kind of the most telling words in a text; None where it has none of them."""
    return next((kind for pattern, kind in BY_WORDS if pattern.search(text)), None)
