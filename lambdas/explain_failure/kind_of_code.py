"""Why a container failed that ran: by the code it wrote itself, or at least by its exit code."""

import re
from collections.abc import Mapping
from typing import Any

from contract.error_codes import ErrorCode, parse

from . import kinds
from .kinds import Kind
from .platform_words import OUT_OF_MEMORY

# SageMaker wraps the failure file's text: `AlgorithmError: <text>, exit code: 2`.
WRAPPING = re.compile(r"^AlgorithmError:\s*(?P<text>.*?)(,?\s*exit code:\s*(?P<code>-?\d+))?[\s.]*$", re.DOTALL)
KILLED = ("137", "-9")
# Every code has a kind; several codes may share one.
BY_CODE: Mapping[ErrorCode, Kind] = {
    ErrorCode.INPUT_ERROR: kinds.INPUT_ERROR,
    ErrorCode.OUT_OF_DISK: kinds.DISK_FULL,
    ErrorCode.OUT_OF_MEMORY: kinds.OUT_OF_MEMORY,
    ErrorCode.MODEL_UNUSABLE: kinds.JOB_ERROR,
    ErrorCode.HANDOVER_UNUSABLE: kinds.JOB_ERROR,
    ErrorCode.CHUNKS_FAILED: kinds.OBJECTS,
    ErrorCode.JOB_ERROR: kinds.JOB_ERROR,
    ErrorCode.UNREACHABLE: kinds.UNREACHABLE,
    ErrorCode.ACCESS_DENIED: kinds.DENIED,
    ErrorCode.THROTTLED: kinds.THROTTLED,
    ErrorCode.PLATFORM_FAULT: kinds.PLATFORM,
    ErrorCode.AWS_ERROR: kinds.JOB_ERROR,
    ErrorCode.STOPPED: kinds.STOPPED,
    ErrorCode.INTERNAL: kinds.JOB_ERROR,
}


def parse_container_failure(details: Mapping[str, Any]) -> re.Match[str] | None:
    """What a failed job's container told, and its exit code; None where SageMaker gives another reason.

    A processing job's reason is an exit code; what its container says stands in the exit message.
    """
    message, reason = str(details.get("ExitMessage") or ""), WRAPPING.match(str(details["FailureReason"]))
    if not message or reason is None:
        return reason
    code = f", exit code: {reason['code']}" if reason["code"] else ""
    return WRAPPING.match(f"AlgorithmError: {message}{code}")


def failed_container(wrapped: re.Match[str]) -> tuple[Kind, str]:
    """The container ran and told why it failed, or at least its exit code."""
    text, killed = wrapped["text"].strip(), wrapped["code"] in KILLED
    failure = parse(text)
    if failure is None:
        # Without a code, the text is SageMaker's, or another program's: it says little that can be relied upon.
        if killed or OUT_OF_MEMORY.search(text):
            return kinds.OUT_OF_MEMORY, text or "the job was killed for want of memory"
        return kinds.JOB_ERROR, text or f"the job ended with exit code {wrapped['code']}"
    # A machine of a fleet may be killed while another one writes its code; wrong input fails on any machine.
    if killed and failure.code is not ErrorCode.INPUT_ERROR:
        return kinds.OUT_OF_MEMORY, failure.message
    return BY_CODE[failure.code], failure.message
