"""`make bootstrap`, after `cdk bootstrap`: images are scanned for known weaknesses as they are pushed.

The CDK's repository takes no tag twice; that it scans nothing is in the CDK's template, and stays as it is set here.
"""

import argparse
import sys
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infra.settings.loader import ENVIRONMENTS, SettingsError, load_settings


class BootstrapError(Exception):
    """The CDK's stack is not what it makes; the message says how."""


def main() -> int:
    """Switches scanning on.

    Returns:
        0 if it is on, 1 if not.
    """
    parser = argparse.ArgumentParser(prog="python -m cli.commands.bootstrap", description=__doc__)
    parser.add_argument("--environment", default="dev", help="name of a file in environments/ (dev)")
    options = parser.parse_args()
    try:
        session = boto3.Session(region_name=load_settings(options.environment, ENVIRONMENTS).deployment.region)
        repository = _repository(session.client("cloudformation"))
        session.client("ecr").put_image_scanning_configuration(
            repositoryName=repository, imageScanningConfiguration={"scanOnPush": True}
        )
    except (SettingsError, BootstrapError, BotoCoreError, ClientError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"Images pushed to {repository} are scanned")
    return 0


def _repository(cloudformation: Any) -> str:  # noqa: ANN401 (boto3's clients are made at run time)
    """The repository that the CDK pushes images to."""
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName="CDKToolkit")
    found = [
        str(resource["PhysicalResourceId"])
        for page in pages
        for resource in page["StackResourceSummaries"]
        if resource["ResourceType"] == "AWS::ECR::Repository"
    ]
    if len(found) != 1:
        raise BootstrapError(f"the stack CDKToolkit has {len(found)} repositories for images, and not one")
    return found[0]


if __name__ == "__main__":
    sys.exit(main())
