"""Whether the network that a job is to be connected to is there."""

from typing import Any

from moto.ec2.exceptions import InvalidSecurityGroupNotFoundError, InvalidSubnetIdError
from moto.ec2.models import ec2_backends


def find_missing(request: dict[str, Any], *, account: str, region: str) -> str | None:
    """Names, in EC2's words, the first subnet or security group of a job's request that is not there."""
    given = request.get("VpcConfig") or request.get("NetworkConfig", {}).get("VpcConfig", {})
    backend = ec2_backends[account][region]
    try:
        for subnet in given.get("Subnets", []):
            backend.get_subnet(subnet)
    except InvalidSubnetIdError as error:
        return str(error.message)
    for group in given.get("SecurityGroupIds", []):
        if backend.get_security_group_from_id(group) is None:
            return str(InvalidSecurityGroupNotFoundError(group).message)
    return None
