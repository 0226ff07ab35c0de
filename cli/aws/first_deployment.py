"""Finds the stacks that a deployment would create for the first time."""

from boto3 import Session

from cli.aws.deployed import stack_status
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
