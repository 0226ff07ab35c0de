"""Write `docs/errors.md` from the definitions of failure types and error codes."""

from collections.abc import Iterator

from contract.error_codes import ErrorCode
from docs_pages.markdown import NOTE, table
from lambdas.explain_failure import failure_types
from lambdas.explain_failure.code_types import BY_CODE
from lambdas.explain_failure.failure_types import FailureType
from lambdas.summarize_partitions.handler import ADVICE, FAILED

# SummarizePartitions fails an execution of all partitions, without ExplainFailure.
PARTITIONS_FAILED = FailureType(
    FAILED,
    "not all partitions succeeded",
    meaning="An execution of all partitions could not complete some of them. The table names them and the reasons.",
    rerun="after a fix",
    advice=f"{ADVICE} A redrive fails again.",
)
PAGE = """\
{note}

# Failures

For the operator whose execution failed. The [runbook](runbook.md) describes messages, reruns and redrives.

The failure type is the *error* of a failed execution, and the first line of its message names it. "Rerun" says whether
the same input can succeed.

{types}

## Codes of jobs

A job that fails writes one line that begins with a code in brackets, such as `[OutOfDisk]`. The line is in the job's
log, and SageMaker shows it as the failure reason. ExplainFailure derives the failure type from this code alone.

{codes}

## No automatic rerun

Step Functions never retries a job that failed because of its input or its code. It would fail again. The runbook lists
the [automatic retries](runbook.md#automatic-retries).

[`failure_types.py`](../lambdas/explain_failure/failure_types.py) defines the types,
[`error_codes.py`](../contract/error_codes.py) the codes, and
[`code_types.py`](../lambdas/explain_failure/code_types.py) the type of each code.
"""


def defined_types() -> Iterator[FailureType]:
    """Yield all failure types, in the order of their definition."""
    yield from (kind for kind in vars(failure_types).values() if isinstance(kind, FailureType))
    yield PARTITIONS_FAILED


def failures_page() -> str:
    """Return the page."""
    return PAGE.format(
        note=NOTE,
        types=table(
            ("Type", "Meaning", "Rerun", "What to do"),
            ((f"`{kind.name}`", kind.meaning, kind.rerun.capitalize(), kind.advice) for kind in _sorted()),
        ),
        codes=table(
            ("Code", "Failure type", "Meaning"),
            ((f"`[{code}]`", f"`{BY_CODE[code].name}`", code.meaning) for code in ErrorCode),
        ),
    )


def _sorted() -> list[FailureType]:
    """Return the types with all rows of the same name together, at the place of the first."""
    kinds = list(defined_types())
    names = [kind.name for kind in kinds]
    return sorted(kinds, key=lambda kind: names.index(kind.name))
