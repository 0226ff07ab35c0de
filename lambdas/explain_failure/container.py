"""Why a container failed that ran, from what it said itself, or at least from its exit code."""

import re
from collections.abc import Mapping
from typing import Any

from . import kinds
from .kinds import Kind
from .platform_words import DISK_FULL, OUT_OF_MEMORY, first_with

# SageMaker wraps the failure file's text: `AlgorithmError: <text>, exit code: 2`.
WRAPPING = re.compile(r"^AlgorithmError:\s*(?P<text>.*?)(,?\s*exit code:\s*(?P<code>-?\d+))?[\s.]*$", re.DOTALL)
KILLED = ("137", "-9")
JOB_ERROR = "job error:"
# The job's own errors, `job error: <type>: <text>`: the text may hold the user's words, so only what Python, LightGBM
# and boto3 write by themselves tells more than that the job failed.
OWN_OUT_OF_MEMORY = re.compile(r"^job error:\s*\w*MemoryError\b|std::bad_alloc|where memory runs out")
OWN_UNREACHABLE = re.compile(
    r"^job error:\s*(EndpointConnection|ConnectTimeout|ReadTimeout|ConnectionClosed|HTTPClient)Error\b"
    r"|Could not connect to the endpoint URL|(Connect|Read) timeout on endpoint URL"
)
AWS_ANSWER = re.compile(r"An error occurred \((?P<code>[\w.]+)\) when calling the \w+ operation")
# Of a fleet: what its first machine counts once all have done what they could.
OWN_OBJECTS = re.compile(r"^job error:\s*[\d,]+ of [\d,]+ objects? could not be forecast")


def told_by_container(details: Mapping[str, Any]) -> re.Match[str] | None:
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
    text, code = wrapped["text"].strip(), wrapped["code"]
    if text.startswith("input error:"):
        return kinds.INPUT_ERROR, text.removeprefix("input error:").strip()
    own = text.startswith(JOB_ERROR)
    summary = text.removeprefix(JOB_ERROR).strip()
    if code in KILLED or (OWN_OUT_OF_MEMORY if own else OUT_OF_MEMORY).search(text):
        return kinds.OUT_OF_MEMORY, summary or "the job was killed for want of memory"
    if OWN_OBJECTS.match(text):
        return kinds.OBJECTS, summary
    if DISK_FULL.search(text):
        return kinds.DISK_FULL, summary
    if OWN_UNREACHABLE.search(text):
        return kinds.UNREACHABLE, summary
    answer = AWS_ANSWER.search(text)
    kind = first_with(answer["code"]) if answer else None
    return kind or kinds.JOB_ERROR, summary or f"the job ended with exit code {code}"
