"""The base class of an environment's stacks: account, region and protection."""

from aws_cdk import Environment, RemovalPolicy, Stack
from constructs import Construct

from infra.common.permissions_boundary import boundary
from infra.settings.environment import Settings

# CDK context key. If it is set, the application protects nothing from deletion: a first deployment that fails must be
# able to remove what it created. `onejob deploy` sets it, and deploys a second time without it.
UNPROTECTED = "unprotected"


def is_protected(scope: Construct, settings: Settings) -> bool:
    """Return whether stacks and tables are protected from deletion."""
    return settings.keeps_data and not scope.node.try_get_context(UNPROTECTED)


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
            termination_protection=is_protected(scope, settings),
            permissions_boundary=boundary(settings.deployment.permissions_boundary),
        )
        # A resource of a creation that is rolled back is deleted, so that its name is free for the next attempt.
        kept, deleted = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE, RemovalPolicy.DESTROY
        self.removal_policy = kept if settings.keeps_data else deleted
