"""The values that settings take, each checked by its form and refused in words."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from infra.settings.instance_types import Kind, check_type

IMAGE_URI_PATTERN = (
    r"[0-9]{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com/[a-z0-9][a-z0-9._/-]*(:[\w.-]+|@sha256:[0-9a-f]{64})"
)


def like(pattern: str, wanted: str) -> AfterValidator:
    """Refuses text that is not wholly of the pattern, in words rather than with the pattern."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"{value!r} is not {wanted}")
        return value

    return AfterValidator(check)


def of_jobs(kind: Kind) -> AfterValidator:
    """Refuses instance types that a kind of job cannot have, in words."""
    return AfterValidator(lambda value: check_type(value, kind))


Flag = Annotated[bool, Field(strict=True)]
Threshold = Annotated[float, Field(gt=0)]
Days = Annotated[int, Field(strict=True, ge=1, le=3653)]
# SageMaker runs a job for 28 days at most.
Minutes = Annotated[int, Field(strict=True, ge=1, le=28 * 24 * 60)]

Prefix = Annotated[str, like("[a-z][a-z0-9]{0,14}", "1 to 15 lower-case letters and digits, a letter first")]
Account = Annotated[str, like("[0-9]{12}", "an account's 12 digits")]
Region = Annotated[str, like("[a-z]{2}(-[a-z]+)+-[0-9]", "a region such as eu-central-1")]
ImageUri = Annotated[
    str, like(IMAGE_URI_PATTERN, "an image in ECR: <account>.dkr.ecr.<region>.amazonaws.com/<name>:<tag>")
]
ManagedPolicy = Annotated[
    str,
    like(
        r"[\w+=,.@-]{1,128}|arn:aws:iam::([0-9]{12}|aws):policy/([\w+=,.@-]+/)*[\w+=,.@-]{1,128}",
        "a managed policy's name in the account, or its ARN arn:aws:iam::<account>:policy/<name>",
    ),
]
SubnetId = Annotated[str, like("subnet-[0-9a-f]{8,17}", "a subnet's id such as subnet-0123456789abcdef0")]
SecurityGroupId = Annotated[str, like("sg-[0-9a-f]{8,17}", "a security group's id such as sg-0123456789abcdef0")]
InstanceType = Annotated[str, like(r"ml\.[a-z][a-z0-9-]*\.[a-z0-9]+", "an instance type such as ml.m5.xlarge")]
TrainingInstanceType = Annotated[InstanceType, of_jobs("Training")]
# A fleet is planned by its cores, which the size tells (lambdas/plan_fleet/instance_types.py).
FleetInstanceType = Annotated[
    InstanceType,
    like(
        r"ml\.[a-z0-9-]+\.(medium|large|xlarge|[1-9][0-9]*xlarge)",
        "an instance type whose size tells its cores, such as ml.m5.4xlarge",
    ),
    of_jobs("Processing"),
]
Email = Annotated[str, like(r"[^@\s]+@[^@\s]+\.[^@\s]+", "an e-mail address")]
TagKey = Annotated[str, like(r"[\w .:/=+@-]{1,128}", "1 to 128 letters, digits, spaces and _.:/=+-@")]
TagValue = Annotated[str, like(r"[\w .:/=+@-]{0,256}", "at most 256 letters, digits, spaces and _.:/=+-@")]


class Table(BaseModel):
    """A table of an environment's file: frozen, and without keys that nobody knows."""

    model_config = ConfigDict(extra="forbid", frozen=True)
