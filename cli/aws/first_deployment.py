"""Finds the stacks that a deployment would create for the first time."""

from boto3 import Session
from botocore.exceptions import ClientError

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

    def is_new(stack: str) -> bool:
        try:
            (found,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "ValidationError":
                return True
            raise
        return found["StackStatus"] in NEVER_CREATED

    return [stack for stack in (names.data_stack(name), names.forecast_stack(name)) if is_new(stack)]
