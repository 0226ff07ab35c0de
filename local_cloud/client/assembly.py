"""Deploys a synthesized cloud assembly with boto3, like `cdk deploy` but without npm, for tests that deploy often."""

import io
import json
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from local_cloud.client.client_factory import ClientFactory
from local_cloud.containers.dockerfile import ImageBuild
from local_cloud.containers.image_push import push
from local_cloud.containers.images import ImageError, ImageStore

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_ecr import ECRClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.literals import BucketLocationConstraintType
    from mypy_boto3_s3.type_defs import CreateBucketRequestTypeDef

_BOOTSTRAP_VERSION = "30"
_POLL_SECONDS = 0.2


class DeploymentError(Exception):
    """A stack cannot be deployed. The message names the stack and the cause."""


@dataclass(frozen=True)
class Stack:
    """One stack of the assembly: its name, its template and the asset manifests it needs."""

    name: str
    template: Path
    parameters: dict[str, str]
    tags: dict[str, str]
    asset_manifests: tuple[Path, ...]


def deploy_assembly(
    folder: Path, *, client: ClientFactory, account: str, region: str, images: Path
) -> dict[str, dict[str, str]]:
    """Publish the assets and create or update the stacks; see `LocalCloud.deploy`."""
    stacks = list(read_stacks(folder, account=account, region=region))
    if not stacks:
        raise DeploymentError(f"{folder} has no stacks; synthesize the application into it first")
    store = ImageStore(images)
    _publish_bootstrap_version(client)
    for path in dict.fromkeys(path for stack in stacks for path in stack.asset_manifests):
        publish_assets(path, client=client, account=account, region=region, images=store)
    return {stack.name: _deploy_stack(stack, client("cloudformation")) for stack in stacks}


def read_stacks(folder: Path, *, account: str, region: str) -> Iterator[Stack]:
    """Yield the stacks of an assembly and of its stages, each after the stacks it depends on."""
    manifest = folder / "manifest.json"
    if not manifest.exists():
        raise DeploymentError(f"{folder} is not a cloud assembly: it has no manifest.json; synthesize into it first")
    artifacts: dict[str, Any] = json.loads(manifest.read_text())["artifacts"]
    done: set[str] = set()

    def visit(name: str) -> Iterator[Stack]:
        artifact = artifacts.get(name)
        if artifact is None or name in done:
            return
        done.add(name)
        needed = artifact.get("dependencies", [])
        for dependency in needed:
            yield from visit(dependency)
        properties = artifact.get("properties", {})
        if artifact["type"] == "cdk:cloud-assembly":
            yield from read_stacks(folder / properties["directoryName"], account=account, region=region)
        if artifact["type"] == "aws:cloudformation:stack":
            _check_environment(name, artifact["environment"], account=account, region=region)
            yield Stack(
                name=properties.get("stackName", name),
                template=folder / properties["templateFile"],
                parameters=properties.get("parameters", {}),
                tags=properties.get("tags", {}),
                asset_manifests=tuple(
                    folder / artifacts[dependency]["properties"]["file"]
                    for dependency in needed
                    if artifacts.get(dependency, {}).get("type") == "cdk:asset-manifest"
                ),
            )

    for name in artifacts:
        yield from visit(name)


def publish_assets(path: Path, *, client: ClientFactory, account: str, region: str, images: ImageStore) -> None:
    """Upload the file assets and build the image assets of one asset manifest."""
    text = path.read_text().replace("${AWS::AccountId}", account).replace("${AWS::Region}", region)
    manifest = json.loads(text.replace("${AWS::Partition}", "aws"))
    for asset in manifest.get("files", {}).values():
        body = _file_asset(path.parent / asset["source"]["path"], packaging=asset["source"].get("packaging", "file"))
        for destination in asset["destinations"].values():
            _make_bucket(client("s3"), destination["bucketName"], region)
            client("s3").put_object(Bucket=destination["bucketName"], Key=destination["objectKey"], Body=body)
    for asset in manifest.get("dockerImages", {}).values():
        for destination in asset["destinations"].values():
            repository, tag = destination["repositoryName"], destination["imageTag"]
            uri = f"{account}.dkr.ecr.{region}.amazonaws.com/{repository}:{tag}"
            _make_repository(client("ecr"), repository)
            _build_image_asset(path.parent, asset["source"], uri=uri, images=images)
            push(client("ecr"), uri, images.get(uri))


def _build_image_asset(folder: Path, source: dict[str, Any], *, uri: str, images: ImageStore) -> None:
    if source.get("executable") or source.get("dockerBuildTarget"):
        raise DeploymentError(f"image {uri}: the local cloud does not support build targets and executables")
    try:
        images.get(uri)  # the tag is the context's hash: an image with this tag is up to date
    except ImageError:
        context = folder / source["directory"]
        build = ImageBuild(
            context=context,
            dockerfile=context / source.get("dockerFile", "Dockerfile"),
            arguments=source.get("dockerBuildArgs", {}),
            platform=source.get("platform", "linux/amd64"),
            outputs=source.get("dockerOutputs", ()),
        )
        try:
            images.build(uri, build.lay_out)
        except ImageError as error:
            raise DeploymentError(f"image {uri}: {error}") from error


def _file_asset(path: Path, *, packaging: str) -> bytes:
    if packaging == "file":
        return path.read_bytes()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for item in sorted(path.rglob("*")):
            if item.is_file():
                archive.write(item, item.relative_to(path))
    return buffer.getvalue()


def _deploy_stack(stack: Stack, cloudformation: "CloudFormationClient") -> dict[str, str]:
    request: dict[str, Any] = {
        "StackName": stack.name,
        "TemplateBody": stack.template.read_text(),
        "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in stack.parameters.items()],
        "Tags": [{"Key": key, "Value": value} for key, value in stack.tags.items()],
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
    }
    try:
        status = _status(stack.name, cloudformation)
        if status == "ROLLBACK_COMPLETE":  # such a stack can only be deleted
            cloudformation.delete_stack(StackName=stack.name)
        if status in (None, "ROLLBACK_COMPLETE"):
            cloudformation.create_stack(**request)
        else:
            cloudformation.update_stack(**request)
    except ClientError as error:
        if "No updates are to be performed" not in str(error):
            raise DeploymentError(f"stack {stack.name}: {error}") from error
    while (description := cloudformation.describe_stacks(StackName=stack.name)["Stacks"][0])["StackStatus"].endswith(
        "_IN_PROGRESS"
    ):
        time.sleep(_POLL_SECONDS)
    if description["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        reasons = "; ".join(_failures(stack.name, cloudformation))
        raise DeploymentError(f"stack {stack.name}: {description['StackStatus']}: {reasons}")
    return {output["OutputKey"]: output["OutputValue"] for output in description.get("Outputs", [])}


def _failures(name: str, cloudformation: "CloudFormationClient") -> list[str]:
    """Return the reasons for which the last operation on a stack failed, latest first."""
    found = []
    for event in cloudformation.describe_stack_events(StackName=name)["StackEvents"]:
        reason = event.get("ResourceStatusReason", "")
        if reason == "User Initiated":
            break
        if event["ResourceStatus"].endswith("_FAILED") or event["ResourceStatus"].endswith("ROLLBACK_IN_PROGRESS"):
            found.append(f"{event['LogicalResourceId']}: {reason}")
    return found


def _status(name: str, cloudformation: "CloudFormationClient") -> str | None:
    try:
        return cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
    except ClientError:
        return None


def _check_environment(name: str, environment: str, *, account: str, region: str) -> None:
    stack_account, stack_region = environment.removeprefix("aws://").split("/")
    if stack_account not in (account, "unknown-account") or stack_region not in (region, "unknown-region"):
        raise DeploymentError(
            f"stack {name} is for {stack_account}/{stack_region}, but this local cloud is {account}/{region}; "
            "open it as LocalCloud(account=..., region=...)"
        )


def _publish_bootstrap_version(client: ClientFactory) -> None:
    client("ssm").put_parameter(
        Name="/cdk-bootstrap/hnb659fds/version", Value=_BOOTSTRAP_VERSION, Type="String", Overwrite=True
    )


def _make_bucket(s3: "S3Client", name: str, region: str) -> None:
    if name not in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}:
        request: CreateBucketRequestTypeDef = {"Bucket": name}
        if region != "us-east-1":
            place = cast("BucketLocationConstraintType", region)
            request["CreateBucketConfiguration"] = {"LocationConstraint": place}
        s3.create_bucket(**request)


def _make_repository(ecr: "ECRClient", name: str) -> None:
    try:
        ecr.create_repository(repositoryName=name)
    except ecr.exceptions.RepositoryAlreadyExistsException:
        return
