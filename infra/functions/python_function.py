"""The defaults of every Lambda function, in one place."""

from collections.abc import Mapping

from aws_cdk import Duration, IgnoreMode
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.common.dead_letter_queue import DeadLetterQueue
from infra.common.nag import acknowledge, acknowledge_inline_policy, acknowledge_wildcard
from infra.functions.asset_files import ROOT, exclude_patterns

TIMEOUT = Duration.minutes(2)
MEMORY_MB = 256


class PythonFunction(Construct):
    """One handler of `lambdas/`, with the modules it imports, as a function with a role of its own.

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
        key: kms.IKey,
        memory_mb: int = MEMORY_MB,
        reserved_concurrency: int | None = None,
        undelivered: DeadLetterQueue | None = None,
    ) -> None:
        """Creates the function.

        Args:
            scope: The parent.
            construct_id: The id in it.
            name: The function's name.
            folder: Of `lambdas/`, with its handler.
            description: What it does.
            environment: Its variables.
            log_group: For its log.
            key: Encrypts its variables.
            memory_mb: And as much of the processor as comes with it.
            reserved_concurrency: Executions kept for it; the account's pool serves it when absent.
            undelivered: Keeps the events it failed for, of a function that nobody waits for; its key the stack grants.
        """
        super().__init__(scope, construct_id)
        module = f"lambdas.{folder}.handler"
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
            # The same packages as in the repository, so that modules import each other here and there alike.
            code=lambda_.Code.from_asset(
                str(ROOT),
                exclude=[*exclude_patterns(module), "__pycache__"],
                ignore_mode=IgnoreMode.GIT,
            ),
            handler=f"{module}.handler",
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.ARM_64,
            memory_size=memory_mb,
            timeout=TIMEOUT,
            environment=dict(environment),
            environment_encryption=key if environment else None,
            log_group=log_group,
            logging_format=lambda_.LoggingFormat.JSON,
            tracing=lambda_.Tracing.ACTIVE,
            role=self.role,
            reserved_concurrent_executions=reserved_concurrency,
            dead_letter_queue=undelivered.queue if undelivered else None,
        )
        acknowledge_inline_policy(self.role)
        acknowledge(
            self.function,
            "NIST.800.53.R5-LambdaInsideVPC",
            "It calls AWS's public APIs alone; a network of ours would need an endpoint, paid by the hour, for each.",
        )
        if undelivered is None:
            acknowledge(
                self.function,
                "NIST.800.53.R5-LambdaDLQ",
                "Whoever calls it waits for its answer and sees it fail: there is no event that could be lost.",
            )
        if reserved_concurrency is None:
            acknowledge(
                self.function,
                "NIST.800.53.R5-LambdaConcurrency",
                "This environment's file reserves none: its account may have no more than Lambda keeps unreserved.",
            )
        acknowledge_wildcard(self.role, "*", "For actions that take nothing but *: X-Ray's, and Service Quotas' lists.")
