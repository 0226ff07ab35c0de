"""The field types of the settings, which check the form of a value and explain a rejection."""

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from infra.settings.instance_types import Kind, check_type
from infra.settings.service_limits import MAX_IMAGE_CHARACTERS, MAX_PROCESSING_MINUTES, MAX_TRAINING_MINUTES

IMAGE_URI_PATTERN = (
    r"[0-9]{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com/[a-z0-9][a-z0-9._/-]*(:[\w.-]+|@sha256:[0-9a-f]{64})"
)


@dataclass(frozen=True)
class TextForm:
    """A validator that rejects text of another form.

    Attributes:
        pattern: Regular expression of the whole text.
        meaning: The form in words, for messages and docs/configuration.md.
    """

    pattern: str
    meaning: str

    def __call__(self, value: str) -> str:
        """Return the text if it matches the pattern."""
        if not re.fullmatch(self.pattern, value):
            raise ValueError(f"{value!r} is not {self.meaning}")
        return value


def matching(pattern: str, meaning: str) -> AfterValidator:
    """Return a validator that rejects text that does not match the pattern; its message states the meaning."""
    return AfterValidator(TextForm(pattern, meaning))


def instance_type_for(kind: Kind) -> AfterValidator:
    """Return a validator that rejects instance types that a kind of job does not support."""
    return AfterValidator(lambda value: check_type(value, kind))


Flag = Annotated[bool, Field(strict=True)]
Threshold = Annotated[float, Field(gt=0)]
Days = Annotated[int, Field(strict=True, ge=1, le=3653)]
Minutes = Annotated[int, Field(strict=True, ge=1, le=MAX_TRAINING_MINUTES)]
FleetMinutes = Annotated[int, Field(strict=True, ge=1, le=MAX_PROCESSING_MINUTES)]

Prefix = Annotated[str, matching("[a-z][a-z0-9]{0,14}", "1 to 15 lower-case letters and digits, a letter first")]
Account = Annotated[str, matching("[0-9]{12}", "an account's 12 digits")]
Region = Annotated[str, matching("[a-z]{2}(-[a-z]+)+-[0-9]", "a region such as eu-central-1")]
ImageUri = Annotated[
    str,
    Field(max_length=MAX_IMAGE_CHARACTERS),
    matching(IMAGE_URI_PATTERN, "an image in ECR: <account>.dkr.ecr.<region>.amazonaws.com/<name>:<tag>"),
]
ManagedPolicy = Annotated[
    str,
    matching(
        r"[\w+=,.@-]{1,128}|arn:aws:iam::([0-9]{12}|aws):policy/([\w+=,.@-]+/)*[\w+=,.@-]{1,128}",
        "a managed policy's name in the account, or its ARN arn:aws:iam::<account>:policy/<name>",
    ),
]
SubnetId = Annotated[str, matching("subnet-[0-9a-f]{8,17}", "a subnet's id such as subnet-0123456789abcdef0")]
SecurityGroupId = Annotated[str, matching("sg-[0-9a-f]{8,17}", "a security group's id such as sg-0123456789abcdef0")]
InstanceType = Annotated[str, matching(r"ml\.[a-z][a-z0-9-]*\.[a-z0-9]+", "an instance type such as ml.m5.xlarge")]
TrainingInstanceType = Annotated[InstanceType, instance_type_for("Training")]
# PlanFleet derives the number of cores from the size (lambdas/plan_fleet/instance_types.py).
FleetInstanceType = Annotated[
    InstanceType,
    matching(
        r"ml\.[a-z0-9-]+\.(medium|large|xlarge|[1-9][0-9]*xlarge)",
        "an instance type whose size states its cores, such as ml.m5.4xlarge",
    ),
    instance_type_for("Processing"),
]
Email = Annotated[str, matching(r"[^@\s]+@[^@\s]+\.[^@\s]+", "an e-mail address")]
TagKey = Annotated[str, matching(r"[\w .:/=+@-]{1,128}", "1 to 128 letters, digits, spaces and _.:/=+-@")]
TagValue = Annotated[str, matching(r"[\w .:/=+@-]{0,256}", "at most 256 letters, digits, spaces and _.:/=+-@")]


class SettingsTable(BaseModel):
    """A table of an environment's file. It is frozen and rejects unknown keys.

    The docstring below a field is its description, which docs/configuration.md shows.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
