"""Find why a container failed, from the code it wrote or from its exit code."""

import re
from collections.abc import Mapping
from typing import Any

from contract.error_codes import ErrorCode, parse

from . import failure_types
from .aws_error_patterns import OUT_OF_MEMORY
from .failure_types import FailureType

# SageMaker wraps the text of the failure file: `AlgorithmError: <text>, exit code: 2`.
WRAPPING = re.compile(r"^AlgorithmError:\s*(?P<text>.*?)(,?\s*exit code:\s*(?P<code>-?\d+))?[\s.]*$", re.DOTALL)
KILLED = ("137", "-9")
# Every code has a failure type. Several codes may share one type.
BY_CODE: Mapping[ErrorCode, FailureType] = {
    ErrorCode.INPUT_ERROR: failure_types.INPUT_ERROR,
    ErrorCode.OUT_OF_DISK: failure_types.DISK_FULL,
    ErrorCode.OUT_OF_MEMORY: failure_types.OUT_OF_MEMORY,
    ErrorCode.MODEL_UNUSABLE: failure_types.JOB_ERROR,
    ErrorCode.HANDOVER_UNUSABLE: failure_types.JOB_ERROR,
    ErrorCode.CHUNKS_FAILED: failure_types.CHUNKS_FAILED,
    ErrorCode.JOB_ERROR: failure_types.JOB_ERROR,
    ErrorCode.UNREACHABLE: failure_types.UNREACHABLE,
    ErrorCode.ACCESS_DENIED: failure_types.DENIED,
    ErrorCode.THROTTLED: failure_types.THROTTLED,
    ErrorCode.PLATFORM_FAULT: failure_types.PLATFORM,
    ErrorCode.AWS_ERROR: failure_types.JOB_ERROR,
    ErrorCode.STOPPED: failure_types.STOPPED,
    ErrorCode.INTERNAL: failure_types.JOB_ERROR,
}


def parse_container_failure(details: Mapping[str, Any]) -> re.Match[str] | None:
    """Extract a failed container's text and exit code; return None if SageMaker gives another reason.

    The reason of a processing job contains only an exit code. Its container's text is in the exit message.
    """
    message, reason = str(details.get("ExitMessage") or ""), WRAPPING.match(str(details["FailureReason"]))
    if not message or reason is None:
        return reason
    code = f", exit code: {reason['code']}" if reason["code"] else ""
    return WRAPPING.match(f"AlgorithmError: {message}{code}")


def failed_container(wrapped: re.Match[str]) -> tuple[FailureType, str]:
    """Return type and summary for a container that ran and failed."""
    text, killed = wrapped["text"].strip(), wrapped["code"] in KILLED
    failure = parse(text)
    if failure is None:
        # A text without a code is from SageMaker or another program, so it is not reliable.
        if killed or OUT_OF_MEMORY.search(text):
            return failure_types.OUT_OF_MEMORY, text or "the job was killed because it ran out of memory"
        return failure_types.JOB_ERROR, text or f"the job ended with exit code {wrapped['code']}"
    # One instance of a fleet may be killed while another writes its code. Invalid input fails on every instance.
    if killed and failure.code is not ErrorCode.INPUT_ERROR:
        return failure_types.OUT_OF_MEMORY, failure.message
    return BY_CODE[failure.code], failure.message
