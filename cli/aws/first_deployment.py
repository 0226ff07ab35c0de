"""Finds out whether a deployment would be the first one that succeeds."""

from boto3 import Session
from botocore.exceptions import ClientError

from contract import names

# A stack in one of these states was never created completely. The CDK CLI deletes it and creates it again, unless
# termination protection is on.
NEVER_CREATED = frozenset(
    {"REVIEW_IN_PROGRESS", "CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED"}
)


def is_first_deployment(session: Session, name: str) -> bool:
    """Return whether a stack of the environment is missing, or its creation failed.

    Args:
        session: Session in the environment's region.
        name: Name of the deployment, for example `onejob-prod`.
    """
    cloudformation = session.client("cloudformation")
    for stack in (names.data_stack(name), names.forecast_stack(name)):
        try:
            (found,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "ValidationError":
                return True
            raise
        if found["StackStatus"] in NEVER_CREATED:
            return True
    return False
