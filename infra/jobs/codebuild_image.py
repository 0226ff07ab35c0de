"""An image that AWS CodeBuild builds during a deployment, for people without Docker.

`cdklabs.deploy-time-build` brings the project, and the function that starts a build and lets CloudFormation wait.
"""

from pathlib import Path

from aws_cdk import ArnFormat, IgnoreMode, Stack
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3_assets as s3_assets
from cdklabs.deploy_time_build import ContainerImageBuild
from constructs import Construct, IConstruct

from infra.common.nag import acknowledge, acknowledge_inline_policy, acknowledge_wildcard
from infra.common.stack_context import StackContext

# Images that the repository keeps: that of the latest deployment, and earlier ones to go back to. ECR counts images and
# does not know which one is in use, and failed deployments push images too.
KEPT_IMAGES = 50
# The library names these constructs of the stack so, before an id of its own.
PROJECT, HANDLER = "ContainerImageBuildAmd64", "DeployTimeBuildCustomResourceHandler"


class CodeBuildImage(Construct):
    """An image in a repository of the deployment. Each build has a new tag, which is never overwritten.

    Attributes:
        uri: URI of the image that the latest deployment built.
        repository: The repository.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, context: StackContext, folder: Path, dockerfile: str
    ) -> None:
        """Build the image.

        Args:
            scope: The parent.
            construct_id: The id in it.
            context: Shared resources of the stack; its key encrypts images and logs.
            folder: The build context, with a `.dockerignore`.
            dockerfile: Path of the Dockerfile in that folder.
        """
        super().__init__(scope, construct_id)
        self._context = context
        self.repository = self._make_repository()
        build = ContainerImageBuild(
            self,
            "Build",
            directory=str(folder),
            file=dockerfile,
            # The library reads `.dockerignore` only without this argument.
            exclude=[*(folder / ".dockerignore").read_text(encoding="utf-8").splitlines(), f"!{dockerfile}"],
            ignore_mode=IgnoreMode.DOCKER,
            # The library adds the type and the name. Without this option, BuildKit writes media types of OCI.
            outputs=["oci-mediatypes=false"],
            platform=ecr_assets.Platform.LINUX_AMD64,
            repository=self.repository,
        )
        self.uri = build.image_uri
        log_group = context.log_group(self, "Logs")
        write_log = log_group.grant_write(build)
        self._configure_project(self._of_stack(PROJECT), log_group)
        self._configure_handler(self._of_stack(HANDLER))
        # CloudFormation would otherwise start the build before it may log.
        write_log.apply_before(build.node.find_child("Resource"))

    def _make_repository(self) -> ecr.Repository:
        repository = ecr.Repository(
            self,
            "Repository",
            repository_name=f"{self._context.name}-image",
            encryption=ecr.RepositoryEncryption.KMS,
            encryption_key=self._context.key,
            image_scan_on_push=True,
            image_tag_mutability=ecr.TagMutability.IMMUTABLE,
            lifecycle_rules=[ecr.LifecycleRule(max_image_count=KEPT_IMAGES)],
            removal_policy=self._context.removal_policy,
        )
        resource = repository.node.default_child
        assert isinstance(resource, ecr.CfnRepository)
        # The build pushes before the last resources exist. With `retain`, CloudFormation deletes the repository only if
        # the creation fails, and ECR refuses that while it has an image. The CDK allows this only with `destroy`.
        resource.empty_on_delete = True
        return repository

    def _of_stack(self, name: str) -> IConstruct:
        """Return the library's construct, which it adds to the stack and not to the build."""
        (found,) = (child for child in Stack.of(self).node.children if child.node.id.startswith(name))
        return found

    def _configure_project(self, project: IConstruct, log_group: logs.ILogGroup) -> None:
        resource = project.node.default_child
        assert isinstance(resource, codebuild.CfnProject)
        resource.logs_config = codebuild.CfnProject.LogsConfigProperty(
            cloud_watch_logs=codebuild.CfnProject.CloudWatchLogsConfigProperty(
                status="ENABLED", group_name=log_group.log_group_name
            )
        )
        acknowledge(
            project,
            "AwsSolutions-CB4",
            reason="The project has no artifacts and no cache, so it stores nothing that a key could encrypt.",
        )
        _acknowledge_managed_policy(
            project,
            "AmazonElasticContainerRegistryPublicReadOnly",
            reason="The library signs in to the public registry of AWS, and everyone may read that.",
        )
        acknowledge_inline_policy(project)
        self._acknowledge_wildcards(project, name=resource.ref)

    def _acknowledge_wildcards(self, project: IConstruct, *, name: str) -> None:
        stack, sources = Stack.of(self), self.node.find_child("Build").node.find_child("Source")
        assert isinstance(sources, s3_assets.Asset)
        log_group = stack.format_arn(
            service="logs",
            resource="log-group",
            resource_name=f"/aws/codebuild/{name}:*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        reports = stack.format_arn(service="codebuild", resource="report-group", resource_name=f"{name}-*")
        acknowledge_wildcard(project, log_group, "The CDK lets a project write its own log group.")
        acknowledge_wildcard(project, reports, "The CDK lets a project write its own reports.")
        acknowledge_wildcard(project, "*", "ecr:GetAuthorizationToken has no resources.")
        acknowledge_wildcard(
            project, sources.bucket.arn_for_objects("*"), "The CDK lets a project read the bucket of its sources."
        )
        for action in ("GetBucket", "GetObject", "List"):
            acknowledge(
                project, f"AwsSolutions-IAM5[Action::s3:{action}*]", reason="The CDK groups the actions that read."
            )
        acknowledge(
            project,
            "parliament-RESOURCE_MISMATCH",
            reason="The groups also have actions that need no bucket or object.",
        )

    def _configure_handler(self, handler: IConstruct) -> None:
        log_group, function = handler.node.find_child("LogGroup").node.default_child, handler.node.default_child
        assert isinstance(log_group, logs.CfnLogGroup)
        assert isinstance(function, lambda_.CfnFunction)
        # CloudFormation's own name begins with the stack's. The key lets only log groups with such names use it.
        log_group.log_group_name = None
        log_group.kms_key_id = self._context.key.key_arn
        log_group.retention_in_days = self._context.settings.retention.log_days
        log_group.apply_removal_policy(self._context.removal_policy)
        function.logging_config = lambda_.CfnFunction.LoggingConfigProperty(log_group=log_group.ref)
        _acknowledge_managed_policy(
            handler, "service-role/AWSLambdaBasicExecutionRole", reason="The policy only allows to write logs."
        )
        acknowledge_inline_policy(handler)
        acknowledge(handler, "AwsSolutions-L1", reason="The library's version determines the runtime.")
        acknowledge(
            handler,
            "NIST.800.53.R5-LambdaConcurrency",
            "NIST.800.53.R5-LambdaDLQ",
            "CKV_AWS_115",
            "CKV_AWS_116",
            reason="Only CloudFormation calls it, once in a deployment, and a failure fails the deployment.",
        )
        acknowledge(
            handler,
            "NIST.800.53.R5-LambdaInsideVPC",
            "CKV_AWS_117",
            reason="It only calls AWS CodeBuild, whose API is public.",
        )


def _acknowledge_managed_policy(construct: IConstruct, name: str, *, reason: str) -> None:
    finding = f"AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/{name}]"
    acknowledge(construct, finding, reason=reason)
