"""Access for callers: environment variables for their child processes, and boto3 clients."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import boto3
import botocore.session

from local_cloud.client.cdk_cli import cdk_environment
from local_cloud.client.client_factory import ClientFactory
from local_cloud.core.server_settings import ACCESS_KEY, SECRET_KEY


@dataclass(frozen=True, kw_only=True)
class Access:
    """The caller's access to a running server.

    Attributes:
        endpoint_url: The URL of every service.
        region: The region of clients and stacks.
        account: The account of every caller.
        docker_program: The program that the CDK CLI calls instead of docker.
    """

    endpoint_url: str
    region: str
    account: str
    docker_program: Path

    @property
    def environment(self) -> dict[str, str]:
        """Variables that point a child process at this cloud only.

        They cannot remove variables that must be absent, such as `AWS_PROFILE`. `child_environment` removes them.
        """
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            **cdk_environment(docker_program=self.docker_program, account=self.account, region=self.region),
        }

    def child_environment(self) -> dict[str, str]:
        """Return the caller's environment without its own `AWS_*` variables, plus `environment`."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return {**kept, **self.environment}

    @property
    def client(self) -> ClientFactory:
        """The factory of boto3 clients. It never reads the caller's own AWS configuration."""
        make: Callable[..., Any] = self._session.client  # each overload covers one service
        return partial(make, endpoint_url=self.endpoint_url)

    @cached_property
    def _session(self) -> boto3.Session:
        session = botocore.session.Session()
        session.session_var_map["profile"] = (None, [], None, None)
        session.set_config_variable("config_file", os.devnull)
        session.set_config_variable("credentials_file", os.devnull)
        return boto3.Session(
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            region_name=self.region,
            botocore_session=session,
        )
