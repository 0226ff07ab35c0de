"""Turn on scans for known vulnerabilities in the images that a deployment pushes.

The CDK's bootstrap creates an image repository that does not scan. A later bootstrap keeps this setting.
"""

from typing import TYPE_CHECKING

from boto3 import Session

from cli.errors import CommandError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

STACK = "CDKToolkit"


def scan_pushed_images(session: Session) -> str:
    """Configure the CDK's repository to scan each pushed image.

    Returns:
        The repository's name.

    Raises:
        CommandError: The CDK's stack does not have exactly one repository.
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
