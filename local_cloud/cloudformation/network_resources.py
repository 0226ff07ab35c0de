"""Deletes the parts of a network that moto's CloudFormation keeps. With them, moto cannot delete the VPC."""

from collections.abc import Callable
from typing import Any

from moto.cloudformation.parsing import get_model_map
from moto.ec2.models import ec2_backends


def _delete_association(ec2: Any, association: Any) -> None:  # noqa: ANN401 - a backend and a resource of moto
    ec2.subnet_associations.pop(f"{association.route_table_id}:{association.subnet_id}")


_DELETIONS: dict[str, Callable[[Any, Any], object]] = {
    "AWS::EC2::FlowLog": lambda ec2, flow_log: ec2.delete_flow_logs([flow_log.id]),
    "AWS::EC2::RouteTable": lambda ec2, route_table: ec2.delete_route_table(route_table.id),
    "AWS::EC2::SubnetRouteTableAssociation": _delete_association,
    "AWS::EC2::VPCEndpoint": lambda ec2, endpoint: ec2.delete_vpc_endpoints([endpoint.id]),
}


def install() -> None:
    """Add the deletion to moto's classes."""
    known: dict[str, Any] = get_model_map()
    for resource_type, delete in _DELETIONS.items():
        known[resource_type].delete = _deletion(delete)


def _deletion(delete: Callable[[Any, Any], object]) -> Callable[[Any, str, str], None]:
    def method(self: object, account: str, region: str) -> None:
        delete(ec2_backends[account][region], self)

    return method
