"""The base class of an environment's stacks: account, region and protection."""

from aws_cdk import Environment, RemovalPolicy, Stack
from constructs import Construct

from infra.common.permissions_boundary import boundary
from infra.settings.environment import Settings

# CDK context key with the names of stacks, separated by commas. They and their tables are not protected from deletion:
# a first deployment that fails must be able to remove what it created. `onejob deploy` then deploys again without it.
UNPROTECTED = "unprotected"


def is_protected(scope: Construct, stack_name: str, settings: Settings) -> bool:
    """Return whether a stack and its tables are protected from deletion.

    Args:
        scope: Any construct of the application.
        stack_name: The stack's name.
        settings: The environment.
    """
    unprotected = str(scope.node.try_get_context(UNPROTECTED) or "").split(",")
    return settings.keeps_data and stack_name not in unprotected


class EnvironmentStack(Stack):
    """A stack in the account and region of its environment, with the environment's protections.

    Attributes:
        removal_policy: Deletes or keeps stores, keys and logs when the stack is deleted.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, description: str, protect: bool = True
    ) -> None:
        """Create the stack.

        Args:
            scope: The application.
            construct_id: The stack's name.
            settings: The environment.
            description: The stack's description.
            protect: Whether to protect the stack from deletion, if the environment keeps its data.
        """
        super().__init__(
            scope,
            construct_id,
            env=Environment(account=settings.deployment.account, region=settings.deployment.region),
            description=description,
            termination_protection=protect and is_protected(scope, construct_id, settings),
            permissions_boundary=boundary(settings.deployment.permissions_boundary),
        )
        # A resource of a creation that is rolled back is deleted, so that its name is free for the next attempt.
        kept, deleted = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE, RemovalPolicy.DESTROY
        self.removal_policy = kept if settings.keeps_data else deleted
