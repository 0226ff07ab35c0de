"""The VPC configuration of the jobs, and the permissions that it needs."""

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import Stack
from aws_cdk import aws_iam as iam

from infra.common.nag import acknowledge_wildcard


@dataclass(frozen=True)
class JobNetwork:
    """Subnets of one VPC, and the security groups of the instances in them.

    Attributes:
        subnets: Ids of the subnets.
        security_groups: Ids of the security groups.
    """

    subnets: Sequence[str]
    security_groups: Sequence[str]

    def request(self) -> dict[str, list[str]]:
        """Return SageMaker's `VpcConfig`."""
        return {"Subnets": list(self.subnets), "SecurityGroupIds": list(self.security_groups)}

    def allow(self, policy: iam.Policy) -> None:
        """Add the permissions that SageMaker documents for a job in a VPC."""
        stack = Stack.of(policy)

        def arn(resource: str, name: str) -> str:
            return stack.format_arn(service="ec2", resource=resource, resource_name=name)

        subnets = [arn("subnet", subnet) for subnet in self.subnets]
        interfaces = arn("network-interface", "*")
        policy.add_statements(
            iam.PolicyStatement(
                sid="CreateNetworkInterfaces",
                actions=["ec2:CreateNetworkInterface"],
                resources=[*subnets, *(arn("security-group", group) for group in self.security_groups), interfaces],
            ),
            iam.PolicyStatement(
                sid="ManageNetworkInterfaces",
                actions=[
                    "ec2:CreateNetworkInterfacePermission",
                    "ec2:DeleteNetworkInterface",
                    "ec2:DeleteNetworkInterfacePermission",
                ],
                resources=[interfaces],
                conditions={"ArnEquals": {"ec2:Subnet": subnets}},
            ),
            iam.PolicyStatement(
                sid="DescribeNetwork",
                actions=[
                    f"ec2:Describe{things}"
                    for things in ("DhcpOptions", "NetworkInterfaces", "SecurityGroups", "Subnets", "Vpcs")
                ],
                resources=["*"],
            ),
        )
        acknowledge_wildcard(
            policy, interfaces, "EC2 assigns the ids of interfaces; the statements name their subnets."
        )
