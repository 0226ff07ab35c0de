"""The base class of an environment's stacks: account, region and protection."""

from aws_cdk import Environment, RemovalPolicy, Stack
from constructs import Construct

from infra.common.permissions_boundary import boundary
from infra.settings.environment import Settings


class EnvironmentStack(Stack):
    """A stack in the account and region of its environment, with the environment's protections.

    Attributes:
        removal_policy: Deletes or keeps stores, keys and logs when the stack is deleted.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, description: str) -> None:
        super().__init__(
            scope,
            construct_id,
            env=Environment(account=settings.deployment.account, region=settings.deployment.region),
            description=description,
            termination_protection=settings.keeps_data,
            permissions_boundary=boundary(settings.deployment.permissions_boundary),
        )
        self.removal_policy = RemovalPolicy.RETAIN if settings.keeps_data else RemovalPolicy.DESTROY
