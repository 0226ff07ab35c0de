"""The settings that every part of the server needs, passed explicitly."""

import os
from dataclasses import dataclass
from typing import TypedDict

from botocore.config import Config

from local_cloud.core.role_access_keys import access_key_of
from local_cloud.core.server_options import ServerOptions
from local_cloud.core.state_layout import StateLayout

ACCESS_KEY = "LOCALCLOUDACCESSKEY1"  # the user's key; moto expects keys of twenty characters
WORKLOAD_KEY = "LOCALCLOUDSERVICES01"  # the key for calls that services make for themselves
SECRET_KEY = "local-cloud"  # nosec B105 # it protects nothing


class Connection(TypedDict):
    """The arguments of `boto3.client` besides the service's name."""

    region_name: str
    endpoint_url: str
    aws_access_key_id: str
    aws_secret_access_key: str
    config: Config


@dataclass(frozen=True, kw_only=True)
class ServerSettings:
    """The settings of the running server.

    Attributes:
        options: The caller's options.
        port: The server's port on localhost.
    """

    options: ServerOptions
    port: int

    @property
    def account(self) -> str:
        """The account of every caller."""
        return self.options.account

    @property
    def layout(self) -> StateLayout:
        """The paths in the state folder."""
        return StateLayout(self.options.state_folder)

    @property
    def endpoint_url(self) -> str:
        """The URL of every service."""
        return f"http://localhost:{self.port}"

    def connection(self, region: str, *, role: str | None = None) -> Connection:
        """Return the arguments for a boto3 client of this server, for calls that a service makes.

        Args:
            region: The region of the calls.
            role: ARN of the role that the service assumed; None if it calls for itself.
        """
        return {
            "region_name": region,
            "endpoint_url": self.endpoint_url,
            "aws_access_key_id": access_key_of(role) if role else WORKLOAD_KEY,
            "aws_secret_access_key": SECRET_KEY,
            "config": Config(max_pool_connections=32),
        }

    def workload_environment(self, *, role: str) -> dict[str, str]:
        """Return the variables of a process that runs in the cloud as `role`, without any of the caller's.

        The region is not among them: Lambda sets it, SageMaker does not.
        """
        return {
            "PATH": os.pathsep.join([str(self.layout.python_folder), "/usr/local/bin", "/usr/bin", "/bin"]),
            "LANG": "C.UTF-8",
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": access_key_of(role),
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
