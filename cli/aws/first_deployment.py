"""Finds the stacks that a deployment would create for the first time, and a budget that it failed to create."""

from boto3 import Session

from cli.aws.deployed import described_stack, stack_status
from contract import names

# A stack in one of these states was never created completely. The CDK CLI deletes it and creates it again, unless
# termination protection is on.
NEVER_CREATED = frozenset({"REVIEW_IN_PROGRESS", "CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED"})


def new_stacks(session: Session, name: str) -> list[str]:
    """Return the names of the environment's stacks that do not exist, or whose creation failed.

    Args:
        session: Session in the environment's region.
        name: Name of the deployment, for example `onejob-prod`.
    """
    cloudformation = session.client("cloudformation")
    status = {each: stack_status(cloudformation, each) for each in (names.data_stack(name), names.forecast_stack(name))}
    return [stack for stack, reached in status.items() if reached is None or reached in NEVER_CREATED]


def failed_budget(session: Session, name: str) -> str | None:
    """Return the ARN of the budget's stack if its creation failed, or None. Each attempt creates another stack.

    Args:
        session: Session in the environment's region.
        name: Name of the deployment, for example `onejob-prod`.
    """
    found = described_stack(session.client("cloudformation"), names.budget_stack(name))
    return found.get("StackId") if found is not None and found["StackStatus"] in NEVER_CREATED else None
