"""Reads from a cloud assembly what a deployment needs of the account: the CDK's bootstrap, its roles, the images."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from cli.aws.account import Caller


@dataclass(frozen=True, kw_only=True)
class ImageAsset:
    """An image that a deployment builds with Docker and pushes.

    Attributes:
        asset: The CDK's hash of the image's sources.
        repository: Name of the repository in ECR.
        tag: The image's tag.
    """

    asset: str
    repository: str
    tag: str


@dataclass(frozen=True, kw_only=True)
class CloudAssembly:
    """The needs of a deployment.

    Attributes:
        bootstrap_parameter: Name of the SSM parameter with the version of the CDK's bootstrap.
        bootstrap_version: The lowest version that suffices.
        roles: ARNs of the roles that the CDK CLI assumes.
        execution_role: ARN of the role with which CloudFormation creates the resources.
        images: The images that the deployment builds and pushes.
        buckets: Names of the buckets that get templates and the code of functions.
        functions: Number of Lambda functions.
    """

    bootstrap_parameter: str
    bootstrap_version: int
    roles: tuple[str, ...]
    execution_role: str
    images: tuple[ImageAsset, ...]
    buckets: tuple[str, ...]
    functions: int

    @classmethod
    def read(cls, folder: Path, *, caller: Caller, region: str) -> Self:
        """Read a synthesized application.

        Args:
            folder: Folder of the assembly.
            caller: The identity whose account and partition replace the placeholders.
            region: Region that replaces the placeholder.
        """
        fill = _filler(caller, region)
        artifacts = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["artifacts"].values()
        stacks = [each["properties"] for each in artifacts if each["type"] == "aws:cloudformation:stack"]
        manifests = [each["properties"] for each in artifacts if each["type"] == "cdk:asset-manifest"]
        assets = [json.loads((folder / each["file"]).read_text(encoding="utf-8")) for each in manifests]
        destinations = [place for each in assets for kind in ("files", "dockerImages") for place in _places(each, kind)]
        templates = [json.loads((folder / each["templateFile"]).read_text(encoding="utf-8")) for each in stacks]
        images = {
            asset: ImageAsset(asset=asset, repository=fill(place["repositoryName"]), tag=place["imageTag"])
            for each in assets
            for asset, image in each["dockerImages"].items()
            for place in image["destinations"].values()
        }
        assumed = (each["assumeRoleArn"] for each in (*stacks, *destinations))
        return cls(
            bootstrap_parameter=stacks[0]["bootstrapStackVersionSsmParameter"],
            bootstrap_version=max(each["requiresBootstrapStackVersion"] for each in (*stacks, *manifests)),
            roles=tuple(sorted({fill(role) for role in assumed})),
            execution_role=fill(stacks[0]["cloudFormationExecutionRoleArn"]),
            images=tuple(images.values()),
            buckets=tuple(sorted({fill(place["bucketName"]) for place in destinations if "bucketName" in place})),
            functions=sum(
                resource["Type"] == "AWS::Lambda::Function"
                for template in templates
                for resource in template["Resources"].values()
            ),
        )


def _filler(caller: Caller, region: str) -> Callable[[str], str]:
    """Return a function that replaces the CDK's placeholders in a name."""
    values = {
        "${AWS::Partition}": caller.arn.split(":")[1],
        "${AWS::AccountId}": caller.account,
        "${AWS::Region}": region,
    }

    def fill(name: str) -> str:
        for placeholder, value in values.items():
            name = name.replace(placeholder, value)
        return name

    return fill


def _places(assets: Mapping[str, Any], kind: str) -> Iterator[dict[str, Any]]:
    for asset in assets[kind].values():
        yield from asset["destinations"].values()
