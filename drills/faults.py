"""What may go wrong in a drill, and which kinds of failure an operator may then be told of."""

import random
from dataclasses import dataclass

from contract.function_errors import CatalogUpdateFailed, IncompleteRun, InputError, PublishFailed
from contract.s3.keys import DEMAND, MANIFEST, PART, POINTER, REPORTS
from local_cloud import ApiFault
from local_cloud.core.job_faults import FaultReason
from local_cloud.middleware.api_faults import ApiFaultKind

FUNCTIONS = (
    *("plan", "claim", "preflight", "check-run", "apply-gate", "publish"),
    *("explain-failure", "close-run", "end-failed"),
)
# Clients try a call a few times by themselves, and so do states: a few failures are survived, many are not.
FEW_TO_MANY = (1, 1, 2, 4, 8, 16)


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong.

    Attributes:
        words: What, for the report.
        told_as: Kinds of failure it may end in; none where every run must survive it.
        call: A call to fail, where it is one.
        job: How the next job fails, where it is one.
    """

    words: str
    told_as: frozenset[str]
    call: ApiFault | None = None
    job: FaultReason | None = None


def draw(chance: random.Random) -> Fault:
    """Draws a fault."""
    return chance.choice((_of_a_function, _of_a_function, _of_s3, _of_s3, _of_a_table, _of_a_job, _of_the_rest))(chance)


def missing_manifest() -> Fault:
    """The run's manifest is uploaded, answered well, and not there."""
    call = ApiFault("s3", "PutObject", "swallowed", MANIFEST)
    return Fault(f"s3:PutObject of {MANIFEST} swallowed x 1", frozenset({IncompleteRun.__name__}), call=call)


def _of_a_function(chance: random.Random) -> Fault:
    kind: ApiFaultKind = chance.choice(("throttled", "error", "answer_lost", "timed_out", "crashed", "slow"))
    told = {"Throttled", "PlatformFault", "TimedOut", "Unknown", PublishFailed.__name__} if kind != "slow" else set()
    return _call("lambda", "InvokeFunction", kind, told, subject=f"-{chance.choice(FUNCTIONS)}$", chance=chance)


def _of_s3(chance: random.Random) -> Fault:
    if chance.random() < 0.3:
        kind: ApiFaultKind = chance.choice(("swallowed", "damaged"))
        subject = chance.choice((PART, MANIFEST))
        return _call("s3", "PutObject", kind, {IncompleteRun.__name__}, subject=subject, chance=chance, count=1)
    kind = chance.choice(("throttled", "error", "answer_lost", "slow"))
    action, subject = chance.choice(
        (
            ("GetObject", DEMAND),
            ("ListBucket", ""),
            ("PutObject", PART),
            ("PutObject", MANIFEST),
            ("PutObject", REPORTS),
            ("PutObject", POINTER),
            ("GetObject", POINTER),
            ("GetObject", MANIFEST),
        )
    )
    told = (
        {"Throttled", "PlatformFault", PublishFailed.__name__, "JobError", InputError.__name__}
        if kind != "slow"
        else set()
    )
    return _call("s3", action, kind, told, subject=subject, chance=chance)


def _of_a_table(chance: random.Random) -> Fault:
    action = chance.choice(("GetItem", "PutItem", "PutItem", "Query"))
    kinds: tuple[ApiFaultKind, ...] = ("throttled", "error", "answer_lost", "slow")
    kind = chance.choice((*kinds, "conflict") if action == "PutItem" else kinds)
    told = {"Throttled", "PlatformFault", PublishFailed.__name__, "Unknown"} if kind != "slow" else set()
    return _call("dynamodb", action, kind, told, chance=chance)


def _of_a_job(chance: random.Random) -> Fault:
    reason: FaultReason = chance.choice(("capacity", "quota", "internal", "reclaimed"))
    told = {"capacity": "NoCapacity", "quota": "QuotaExceeded", "internal": "PlatformFault", "reclaimed": "Stopped"}
    return Fault(f"the next job: {reason}", frozenset({told[reason], "NoCapacity"}), job=reason)


def _of_the_rest(chance: random.Random) -> Fault:
    service, action = chance.choice(
        (
            ("sagemaker", "CreateTrainingJob"),
            ("sagemaker", "DescribeTrainingJob"),
            ("servicequotas", "ListServiceQuotas"),
            ("ecr", "BatchGetImage"),
            ("kms", "DescribeKey"),
            ("glue", "CreatePartition"),
            ("glue", "UpdatePartition"),
            ("glue", "GetTable"),
            ("sns", "Publish"),
            ("states", "DescribeExecution"),
        )
    )
    kind: ApiFaultKind = chance.choice(("throttled", "error", "slow"))
    told = (
        {"Throttled", "PlatformFault", PublishFailed.__name__, CatalogUpdateFailed.__name__, "Unknown"}
        if kind != "slow"
        else set()
    )
    return _call(service, action, kind, told, chance=chance)


def _call(
    service: str,
    action: str,
    kind: ApiFaultKind,
    told: set[str],
    *,
    chance: random.Random,
    subject: str = "",
    count: int | None = None,
) -> Fault:
    times = count or (chance.choice(FEW_TO_MANY) if kind != "slow" else chance.choice((1, 2)))
    call = ApiFault(service, action, kind, subject, times)
    about = f" of {subject}" if subject else ""
    return Fault(f"{service}:{action}{about} {kind} x {times}", frozenset(told), call=call)
