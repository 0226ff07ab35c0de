"""One Lambda function with the defaults that all functions share."""

from dataclasses import dataclass

from aws_cdk import Duration, IgnoreMode
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from contract.environments.variables import FunctionEnvironment
from contract.names import function_name
from infra.common.dead_letter_queue import DeadLetterQueue
from infra.common.nag import acknowledge, acknowledge_inline_policy, acknowledge_wildcard
from infra.common.stack_context import StackContext
from infra.functions.asset_files import ROOT, exclude_patterns

TIMEOUT = Duration.minutes(2)
MEMORY_MB = 256


@dataclass(frozen=True, kw_only=True)
class FunctionProps:
    """Properties in which functions differ.

    Attributes:
        description: Purpose of the function.
        environment: Its environment variables, whose class names the function.
        memory_mb: Memory in MB; Lambda assigns CPU in proportion.
        undelivered: Queue of failed events, for a function that is invoked asynchronously.
    """

    description: str
    environment: FunctionEnvironment
    memory_mb: int = MEMORY_MB
    undelivered: DeadLetterQueue | None = None

    @property
    def name(self) -> str:
        """Suffix of the function's name, after the deployment's."""
        return self.environment.FUNCTION

    @property
    def folder(self) -> str:
        """Folder of the handler, below `lambdas/`."""
        return self.name.replace("-", "_")


class PythonFunction(Construct):
    """A function with one handler of `lambdas/`, the modules that it imports, and its own role.

    Attributes:
        function: The function.
        role: Its role. It may write its log and traces, and the stack grants further permissions.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        context: StackContext,
        log_group: logs.ILogGroup,
        props: FunctionProps,
    ) -> None:
        """Create the function.

        Args:
            scope: The parent.
            construct_id: The id in it.
            context: Shared resources of the stack; its key encrypts the environment variables.
            log_group: Log group of the function.
            props: Properties of this function.
        """
        super().__init__(scope, construct_id)
        self._context, self._props = context, props
        self.role = self._make_role(log_group)
        self.function = self._make_function(log_group)
        self._acknowledge()
        if props.undelivered is not None:
            props.undelivered.grant_key(self.role)

    def _make_role(self, log_group: logs.ILogGroup) -> iam.Role:
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description=f"The function {self._name}",
        )
        log_group.grant_write(role)
        return role

    def _make_function(self, log_group: logs.ILogGroup) -> lambda_.Function:
        context, props = self._context, self._props
        module = f"lambdas.{props.folder}.handler"
        return lambda_.Function(
            self,
            "Function",
            function_name=self._name,
            description=props.description,
            # The asset keeps the repository's packages, so that imports work the same way in both.
            code=lambda_.Code.from_asset(
                str(ROOT),
                exclude=[*exclude_patterns(module), "__pycache__"],
                ignore_mode=IgnoreMode.GIT,
            ),
            handler=f"{module}.handler",
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.ARM_64,
            memory_size=props.memory_mb,
            timeout=TIMEOUT,
            environment=props.environment.to_environment(),
            environment_encryption=context.key,
            log_group=log_group,
            logging_format=lambda_.LoggingFormat.JSON,
            tracing=lambda_.Tracing.ACTIVE,
            role=self.role,
            reserved_concurrent_executions=context.settings.functions.reserved_concurrency,
            dead_letter_queue=props.undelivered.queue if props.undelivered else None,
        )

    @property
    def _name(self) -> str:
        return function_name(self._context.name, self._props.name)

    def _acknowledge(self) -> None:
        acknowledge_inline_policy(self.role)
        acknowledge(
            self.function,
            "NIST.800.53.R5-LambdaInsideVPC",
            "CKV_AWS_117",
            reason="It only calls public AWS APIs. In a VPC, each API would need an endpoint, which costs money.",
        )
        if self._props.undelivered is None:
            acknowledge(
                self.function,
                "NIST.800.53.R5-LambdaDLQ",
                "CKV_AWS_116",
                reason="Its callers wait for the answer and see it fail, so no event can be lost.",
            )
        if self._context.settings.functions.reserved_concurrency is None:
            acknowledge(
                self.function,
                "NIST.800.53.R5-LambdaConcurrency",
                "CKV_AWS_115",
                reason="This environment reserves no concurrency: its account may have only the unreserved part.",
            )
        acknowledge_wildcard(self.role, "*", "The actions of X-Ray and ListServiceQuotas accept only *.")
