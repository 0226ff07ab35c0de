"""An isolated VPC for the jobs, from which only this deployment's two buckets can be reached."""

from collections.abc import Sequence

from aws_cdk import CfnTag, Fn, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.common.nag import acknowledge, acknowledge_inline_policy
from infra.jobs.vpc_config import JobNetwork

# The network is not connected to any other, so these addresses cannot collide. Another size replaces a deployed
# network while jobs may run in it: docs/operations.md, "Network of the jobs".
ADDRESSES = "10.0.0.0/23"
# One subnet per zone, with 251 usable addresses. All instances of a job are in one subnet and take two addresses each;
# a fleet has up to 100 instances. Every region has at least two zones, which CloudFormation selects.
SUBNETS = ("10.0.0.0/24", "10.0.1.0/24")


class IsolatedNetwork(Construct):
    """Subnets in two zones. The only way out is S3's gateway endpoint, which is free of charge.

    There is no internet gateway and no NAT, and the endpoint's policy allows two buckets. SageMaker pulls the image and
    delivers logs and metrics outside the job's network.

    Attributes:
        network: Subnets and security groups for a job's request.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        buckets: Sequence[s3.IBucket],
        log_group: logs.ILogGroup,
    ) -> None:
        super().__init__(scope, construct_id)
        vpc = ec2.CfnVPC(
            self, "Vpc", cidr_block=ADDRESSES, enable_dns_support=True, enable_dns_hostnames=True, tags=_named(name)
        )
        acknowledge(
            vpc,
            "NIST.800.53.R5-VPCDefaultSecurityGroupClosed",
            reason="The default group has no members, the network no way out. Closing it needs a custom resource.",
        )
        routes = ec2.CfnRouteTable(self, "Routes", vpc_id=vpc.ref, tags=_named(name))
        subnets = [
            ec2.CfnSubnet(
                self,
                f"Subnet{zone + 1}",
                vpc_id=vpc.ref,
                availability_zone=Fn.select(zone, Fn.get_azs()),
                cidr_block=addresses,
                map_public_ip_on_launch=False,
                tags=_named(name),
            )
            for zone, addresses in enumerate(SUBNETS)
        ]
        for zone, subnet in enumerate(subnets):
            ec2.CfnSubnetRouteTableAssociation(
                self,
                f"SubnetRoutes{zone + 1}",
                subnet_id=subnet.ref,
                route_table_id=routes.ref,
            )
        ec2.CfnVPCEndpoint(
            self,
            "S3",
            vpc_id=vpc.ref,
            service_name=f"com.amazonaws.{Stack.of(self).region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=[routes.ref],
            policy_document=_only(buckets),
        )
        group = ec2.CfnSecurityGroup(
            self,
            "Instances",
            group_description=f"Jobs of {name}: HTTPS to S3, and traffic between the instances of a job",
            vpc_id=vpc.ref,
            # S3's prefix list has a different id in each region, and finding it needs a look-up in the account. This
            # rule may allow every address, because there is no route to any other.
            security_group_egress=[
                ec2.CfnSecurityGroup.EgressProperty(
                    ip_protocol="tcp", from_port=443, to_port=443, cidr_ip="0.0.0.0/0", description="S3"
                )
            ],
            tags=_named(name),
        )
        _allow_each_other(group)
        self._log_traffic(vpc, log_group)
        self.network = JobNetwork([subnet.ref for subnet in subnets], [group.attr_group_id])

    def _log_traffic(self, vpc: ec2.CfnVPC, log_group: logs.ILogGroup) -> None:
        role = iam.Role(
            self,
            "FlowLogRole",
            assumed_by=iam.ServicePrincipal(
                "vpc-flow-logs.amazonaws.com",
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            ),
            description="Writes the flow log of the training jobs' network",
        )
        role.add_to_policy(
            iam.PolicyStatement(
                sid="WriteFlowLog",
                actions=["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
                resources=[log_group.log_group_arn],
            )
        )
        acknowledge_inline_policy(role)
        ec2.CfnFlowLog(
            self,
            "FlowLog",
            resource_type="VPC",
            resource_id=vpc.ref,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_group_name=log_group.log_group_name,
            deliver_logs_permission_arn=role.role_arn,
        )


def _allow_each_other(group: ec2.CfnSecurityGroup) -> None:
    """Let the instances of a job talk to each other, which SageMaker's guide requires of a job with several."""
    same, about = group.attr_group_id, "Instances of the same job"
    inbound = ec2.CfnSecurityGroupIngress(
        group, "FromInstances", group_id=same, source_security_group_id=same, ip_protocol="-1", description=about
    )
    acknowledge(
        inbound,
        "NIST.800.53.R5-EC2RestrictedCommonPorts",
        reason="The source is the group itself. SageMaker requires all traffic between the instances of a job.",
    )
    ec2.CfnSecurityGroupEgress(
        group, "ToInstances", group_id=same, destination_security_group_id=same, ip_protocol="-1", description=about
    )


def _only(buckets: Sequence[s3.IBucket]) -> iam.PolicyDocument:
    """Return the endpoint's policy: the S3 actions that any principal may use through it, in these buckets."""
    return iam.PolicyDocument(
        statements=[
            iam.PolicyStatement(
                sid="AllowDataBuckets",
                principals=[iam.AnyPrincipal()],
                actions=["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListBucket", "s3:PutObject"],
                resources=[arn for bucket in buckets for arn in (bucket.bucket_arn, bucket.arn_for_objects("*"))],
            )
        ]
    )


def _named(name: str) -> list[CfnTag]:
    return [CfnTag(key="Name", value=f"{name}-jobs")]
