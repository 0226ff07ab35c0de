"""Scans of the images that a deployment pushes, for known vulnerabilities.

The CDK's bootstrap makes a repository that scans nothing. A later bootstrap keeps the setting that is made here.
"""

from typing import TYPE_CHECKING

from boto3 import Session

from cli.errors import CommandError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

STACK = "CDKToolkit"


def scan_pushed_images(session: Session) -> str:
    """Make the CDK's repository scan each image when it is pushed.

    Returns:
        The repository's name.

    Raises:
        CommandError: The CDK's stack has no repository, or several.
    """
    repository = _repository(session.client("cloudformation"))
    session.client("ecr").put_image_scanning_configuration(
        repositoryName=repository, imageScanningConfiguration={"scanOnPush": True}
    )
    return repository


def _repository(cloudformation: "CloudFormationClient") -> str:
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=STACK)
    found = [
        str(resource["PhysicalResourceId"])
        for page in pages
        for resource in page["StackResourceSummaries"]
        if resource["ResourceType"] == "AWS::ECR::Repository"
    ]
    if len(found) != 1:
        raise CommandError(f"the stack {STACK} has {len(found)} image repositories instead of 1; run: onejob bootstrap")
    return found[0]
