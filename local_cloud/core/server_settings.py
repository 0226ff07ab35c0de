"""What every part of the server needs to know, handed on explicitly."""

import os
from dataclasses import dataclass
from typing import TypedDict

from botocore.config import Config

from local_cloud.core.role_access_keys import access_key_of
from local_cloud.core.server_options import ServerOptions
from local_cloud.core.state_layout import StateLayout

ACCESS_KEY = "LOCALCLOUDACCESSKEY1"  # of whoever uses the cloud; moto reads keys of twenty characters
WORKLOAD_KEY = "LOCALCLOUDSERVICES01"  # of what services do by themselves
SECRET_KEY = "local-cloud"  # noqa: S105 - there is nothing it opens


class Connection(TypedDict):
    """What `boto3.client` takes beside the service's name."""

    region_name: str
    endpoint_url: str
    aws_access_key_id: str
    aws_secret_access_key: str
    config: Config


@dataclass(frozen=True, kw_only=True)
class ServerSettings:
    """The running server.

    Attributes:
        options: The caller's choices.
        port: Where the server listens on localhost.
    """

    options: ServerOptions
    port: int

    @property
    def account(self) -> str:
        """The account every caller is in."""
        return self.options.account

    @property
    def layout(self) -> StateLayout:
        """The folders below the state folder."""
        return StateLayout(self.options.state_folder)

    @property
    def endpoint_url(self) -> str:
        """The URL of every service."""
        return f"http://localhost:{self.port}"

    def connection(self, region: str, *, role: str | None = None) -> Connection:
        """How a boto3 client reaches this server, for what a service does: on behalf of a role, or by itself.

        Args:
            region: The region it calls.
            role: ARN of the role it has taken on.
        """
        return {
            "region_name": region,
            "endpoint_url": self.endpoint_url,
            "aws_access_key_id": access_key_of(role) if role else WORKLOAD_KEY,
            "aws_secret_access_key": SECRET_KEY,
            "config": Config(max_pool_connections=32),
        }

    def workload_environment(self, region: str, *, role: str) -> dict[str, str]:
        """The variables of a process that runs inside the cloud as a role; none of the caller's own is handed on."""
        return {
            "PATH": os.pathsep.join([str(self.layout.python_folder), "/usr/local/bin", "/usr/bin", "/bin"]),
            "LANG": "C.UTF-8",
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": access_key_of(role),
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
