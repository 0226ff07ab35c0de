"""Faults of a drill, and the failure codes that each may cause."""

import random
from dataclasses import dataclass

from contract.function_errors import CatalogUpdateFailed, IncompleteRun, InputError, PublishFailed
from contract.s3.keys import DEMAND, MANIFEST, PART, POINTER, REPORTS
from local_cloud import ApiFault
from local_cloud.core.job_faults import FaultReason
from local_cloud.middleware.api_faults import ApiFaultKind

FUNCTIONS = (
    *("plan", "claim", "preflight", "check-run", "quality-gate", "publish"),
    *("explain-failure", "close-run", "fail-execution"),
)
# Clients and states retry a call. The application survives a few failures, but not many.
FEW_TO_MANY = (1, 1, 2, 4, 8, 16)


@dataclass(frozen=True)
class Fault:
    """One injected fault.

    Attributes:
        description: Description for the report.
        expected_errors: Failure codes that the fault may cause. If empty, every run must survive it.
        call: The failing API call; None for a fault of a job.
        job: Reason for which the next job fails; None for a fault of a call.
    """

    description: str
    expected_errors: frozenset[str]
    call: ApiFault | None = None
    job: FaultReason | None = None


def draw(rng: random.Random) -> Fault:
    """Draw a random fault."""
    faults = (_function_fault, _function_fault, _s3_fault, _s3_fault, _table_fault, _job_fault, _other_fault)
    return rng.choice(faults)(rng)


def missing_manifest() -> Fault:
    """Return a fault in which S3 confirms the upload of the run's manifest but does not store it."""
    call = ApiFault("s3", "PutObject", "swallowed", MANIFEST)
    return Fault(f"s3:PutObject of {MANIFEST} swallowed x 1", frozenset({IncompleteRun.__name__}), call=call)


def _function_fault(rng: random.Random) -> Fault:
    effect: ApiFaultKind = rng.choice(("throttled", "error", "answer_lost", "timed_out", "crashed", "slow"))
    errors = (
        {"Throttled", "PlatformFault", "TimedOut", "Unknown", PublishFailed.__name__} if effect != "slow" else set()
    )
    return _call_fault("lambda", "InvokeFunction", effect, errors, subject=f"-{rng.choice(FUNCTIONS)}$", rng=rng)


def _s3_fault(rng: random.Random) -> Fault:
    if rng.random() < 0.3:
        effect: ApiFaultKind = rng.choice(("swallowed", "damaged"))
        subject = rng.choice((PART, MANIFEST))
        return _call_fault("s3", "PutObject", effect, {IncompleteRun.__name__}, subject=subject, rng=rng, count=1)
    effect = rng.choice(("throttled", "error", "answer_lost", "slow"))
    action, subject = rng.choice(
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
    errors = (
        {"Throttled", "PlatformFault", PublishFailed.__name__, "JobError", InputError.__name__}
        if effect != "slow"
        else set()
    )
    return _call_fault("s3", action, effect, errors, subject=subject, rng=rng)


def _table_fault(rng: random.Random) -> Fault:
    action = rng.choice(("GetItem", "PutItem", "PutItem", "Query"))
    effects: tuple[ApiFaultKind, ...] = ("throttled", "error", "answer_lost", "slow")
    effect = rng.choice((*effects, "conflict") if action == "PutItem" else effects)
    errors = {"Throttled", "PlatformFault", PublishFailed.__name__, "Unknown"} if effect != "slow" else set()
    return _call_fault("dynamodb", action, effect, errors, rng=rng)


def _job_fault(rng: random.Random) -> Fault:
    reason: FaultReason = rng.choice(("capacity", "quota", "internal", "reclaimed"))
    errors = {"capacity": "NoCapacity", "quota": "QuotaExceeded", "internal": "PlatformFault", "reclaimed": "Stopped"}
    return Fault(f"the next job: {reason}", frozenset({errors[reason], "NoCapacity"}), job=reason)


def _other_fault(rng: random.Random) -> Fault:
    service, action = rng.choice(
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
    effect: ApiFaultKind = rng.choice(("throttled", "error", "slow"))
    errors = (
        {"Throttled", "PlatformFault", PublishFailed.__name__, CatalogUpdateFailed.__name__, "Unknown"}
        if effect != "slow"
        else set()
    )
    return _call_fault(service, action, effect, errors, rng=rng)


def _call_fault(
    service: str,
    action: str,
    effect: ApiFaultKind,
    errors: set[str],
    *,
    rng: random.Random,
    subject: str = "",
    count: int | None = None,
) -> Fault:
    times = count or (rng.choice(FEW_TO_MANY) if effect != "slow" else rng.choice((1, 2)))
    call = ApiFault(service, action, effect, subject, times)
    about = f" of {subject}" if subject else ""
    return Fault(f"{service}:{action}{about} {effect} x {times}", frozenset(errors), call=call)
