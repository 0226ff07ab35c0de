"""The defaults of every Lambda function, in one place."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from aws_cdk import Duration, IgnoreMode
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.nag import acknowledge_wildcard

ROOT = Path(__file__).parent.parent
TIMEOUT = Duration.minutes(2)


class PythonFunction(Construct):
    """One folder of `lambdas/`, with what it shares with others, as a function with a role of its own.

    Attributes:
        function: The function.
        role: Its role; it may write its log and traces, and what the stack grants it.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        folder: str,
        description: str,
        environment: Mapping[str, str],
        log_group: logs.ILogGroup,
        shared: Sequence[str] = (),
    ) -> None:
        super().__init__(scope, construct_id)
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description=f"The function {name}",
        )
        log_group.grant_write(self.role)
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=name,
            description=description,
            # The folders as packages of `lambdas`, so that modules import each other here and there alike.
            code=lambda_.Code.from_asset(
                str(ROOT),
                exclude=[
                    "/*",
                    "!/lambdas",
                    "/lambdas/*",
                    *(f"!/lambdas/{name}" for name in ("__init__.py", folder, *shared)),
                    "__pycache__",
                ],
                ignore_mode=IgnoreMode.GIT,
            ),
            handler=f"lambdas.{folder}.handler.handler",
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.ARM_64,
            memory_size=256,
            timeout=TIMEOUT,
            environment=dict(environment),
            log_group=log_group,
            logging_format=lambda_.LoggingFormat.JSON,
            tracing=lambda_.Tracing.ACTIVE,
            role=self.role,
        )
        acknowledge_wildcard(self.role, "*", "X-Ray has no resources: its two actions take nothing but *.")
