"""Check that the caller may deploy, by IAM's simulation of its policies.

The CDK CLI assumes the roles of the bootstrap. It uses the caller's own permissions if it may not assume one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cli.aws.account import Caller
from cli.aws.cloud_assembly import CloudAssembly
from lambdas.preflight.check_results import CheckResult, failed, ok, unknown, warning

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_iam.type_defs import EvaluationResultTypeDef


@dataclass(frozen=True, kw_only=True)
class Simulation:
    """The actions that the policies do not allow.

    Attributes:
        denied: The denied actions, by resource.
        missing_keys: Context keys that the simulation lacks. The policies deny an action without them, but may allow
            the real call.
    """

    denied: Mapping[str, list[str]]
    missing_keys: frozenset[str]


def check_permissions(iam: "IAMClient", assembly: CloudAssembly, *, caller: Caller, stacks: str) -> list[CheckResult]:
    """Check that the caller may assume the CDK's roles, or has the permissions to deploy without them.

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
    region = stacks.split(":")[3]
    assumption = _simulate(iam, source, {role: ["sts:AssumeRole"] for role in assembly.roles}, region=region)
    if not assumption.denied:
        if assumption.missing_keys:
            return _undecided(source, assumption)
        return [ok("permissions: the caller may assume the roles of the CDK's bootstrap")]
    roles = ", ".join(assumption.denied)
    own = _simulate(iam, source, _own_actions(assembly, stacks), region=region)
    if own.denied:
        shown = "; ".join(f"{', '.join(actions)} on {resource}" for resource, actions in own.denied.items())
        return [failed(f"permissions: the caller lacks {shown}; let {source} assume {roles} (sts:AssumeRole)")]
    if own.missing_keys:
        return _undecided(source, own)
    line = f"permissions: the caller may not assume {roles}, so the CDK deploys with the caller's own permissions"
    return [warning(f"{line}; let {source} assume them (sts:AssumeRole)")]


def _undecided(source: str, simulation: Simulation) -> list[CheckResult]:
    keys = ", ".join(sorted(simulation.missing_keys))
    line = f"permissions: not checked, because policies of {source} depend on {keys}"
    return [unknown(f"{line}, which the simulation does not know")]


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


def _simulate(iam: "IAMClient", source: str, wanted: Mapping[str, list[str]], *, region: str) -> Simulation:
    """Simulate actions in the region, by resource."""
    denied: dict[str, list[str]] = {}
    missing_keys: set[str] = set()
    for resource, actions in wanted.items():
        pages = iam.get_paginator("simulate_principal_policy").paginate(
            PolicySourceArn=source,
            ActionNames=actions,
            ResourceArns=[resource],
            # IAM simulates a call without a region. Policies for some regions would deny it.
            ContextEntries=[
                {"ContextKeyName": "aws:RequestedRegion", "ContextKeyType": "string", "ContextKeyValues": [region]}
            ],
        )
        for page in pages:
            for result in page["EvaluationResults"]:
                if result["EvalDecision"] == "allowed":
                    continue
                if keys := _missing_keys(result):
                    missing_keys |= keys
                else:
                    denied.setdefault(resource, []).append(result["EvalActionName"])
    return Simulation(denied=denied, missing_keys=frozenset(missing_keys))


def _missing_keys(result: "EvaluationResultTypeDef") -> set[str]:
    """Return the context keys that a decision lacked. IAM lists them per resource if the request names resources."""
    places = [result, *result.get("ResourceSpecificResults", [])]
    return {key for place in places for key in place.get("MissingContextValues", [])}
