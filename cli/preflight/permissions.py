"""Check that the caller may deploy, by IAM's simulation of its policies.

The CDK CLI assumes the roles of the bootstrap. It uses the caller's own permissions if it may not assume one.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cli.aws.account import Caller
from cli.aws.cloud_assembly import CloudAssembly
from lambdas.preflight.check_results import CheckResult, failed, ok, unknown, warning

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient


def check_permissions(iam: "IAMClient", assembly: CloudAssembly, *, caller: Caller, stacks: str) -> list[CheckResult]:
    """Check that the caller may assume the CDK's roles, or may do itself what they do.

    Args:
        iam: An IAM client.
        assembly: The needs of the deployment.
        caller: The identity that deploys.
        stacks: ARN of the deployment's stacks, with wildcards.
    """
    if caller.arn.endswith(":root"):
        return [ok("permissions: the account's root user may deploy")]
    source = _principal(iam, caller)
    if source is None:
        return [unknown(f"permissions: IAM simulates only users and roles, and the caller is {caller.arn}")]
    denied = _denied(iam, source, {role: ["sts:AssumeRole"] for role in assembly.roles})
    if not denied:
        return [ok("permissions: the caller may assume the roles of the CDK's bootstrap")]
    roles = ", ".join(denied)
    if missing := _denied(iam, source, _own_actions(assembly, stacks)):
        shown = "; ".join(f"{', '.join(actions)} on {resource}" for resource, actions in missing.items())
        return [failed(f"permissions: the caller lacks {shown}; let {source} assume {roles} (sts:AssumeRole)")]
    line = f"permissions: the caller may not assume {roles}, so the CDK deploys with the caller's own permissions"
    return [warning(f"{line}; let {source} assume them (sts:AssumeRole)")]


def _principal(iam: "IAMClient", caller: Caller) -> str | None:
    """Return the ARN of the user or role whose policies apply; None if it is neither."""
    kind, _, rest = caller.arn.split(":", maxsplit=5)[5].partition("/")
    if kind == "assumed-role":
        # The ARN of a session lacks the role's path.
        return iam.get_role(RoleName=rest.partition("/")[0])["Role"]["Arn"]
    return caller.arn if kind == "user" else None


def _own_actions(assembly: CloudAssembly, stacks: str) -> dict[str, list[str]]:
    """Return the actions of a deployment without the CDK's roles, by resource."""
    partition, _, region, account = stacks.split(":")[1:5]
    repositories = sorted({image.repository for image in assembly.images})
    return {
        stacks: [f"cloudformation:{verb}" for verb in ("CreateChangeSet", "ExecuteChangeSet", "DescribeStacks")],
        **{f"arn:{partition}:s3:::{bucket}/*": ["s3:PutObject"] for bucket in assembly.buckets},
        **{
            f"arn:{partition}:ecr:{region}:{account}:repository/{name}": ["ecr:UploadLayerPart", "ecr:PutImage"]
            for name in repositories
        },
        assembly.execution_role: ["iam:PassRole"],
    }


def _denied(iam: "IAMClient", source: str, wanted: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Return the actions that the policies do not allow, by resource."""
    denied: dict[str, list[str]] = {}
    for resource, actions in wanted.items():
        pages = iam.get_paginator("simulate_principal_policy").paginate(
            PolicySourceArn=source, ActionNames=actions, ResourceArns=[resource]
        )
        found = [
            result["EvalActionName"]
            for page in pages
            for result in page["EvaluationResults"]
            if result["EvalDecision"] != "allowed"
        ]
        if found:
            denied[resource] = found
    return denied
