"""What runs: the image, the job, the functions, the state machine, its schedule and its outcomes."""

import json

from aws_cdk import CfnOutput, Environment, RemovalPolicy, Stack
from aws_cdk import aws_cloudwatch_actions as cloudwatch_actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra import s3_layout
from infra.container_image import ContainerImage
from infra.data_stack import DataStack
from infra.forecast_workflow import ForecastWorkflow
from infra.function import PythonFunction
from infra.log_group import LogGroup
from infra.lost_runs import LostRuns
from infra.nag import acknowledge_wildcard
from infra.outcomes_topic import OutcomesTopic
from infra.settings import Settings
from infra.training_job import TrainingJob
from infra.training_role import TrainingRole
from infra.weekly_schedule import WeeklySchedule


class ForecastStack(Stack):
    """Composes the constructs and grants each function what it needs of the data."""

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, data: DataStack, env: Environment
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            env=env,
            description=f"The forecast run of {settings.name}",
            termination_protection=settings.keeps_data,
        )
        self._settings = settings
        self._data = data
        name = settings.name
        topic = OutcomesTopic(
            self, "Outcomes", name=f"{name}-outcomes", key=data.key, emails=settings.alerts.emails
        ).topic
        image = ContainerImage(self, "Image", prebuilt_uri=settings.deployment.image_uri)
        training_role = TrainingRole(
            self,
            "Training",
            name=name,
            key=data.key,
            demand=data.demand,
            forecasts=data.forecasts,
            image=image,
        )
        workflow = ForecastWorkflow(
            self,
            "Workflow",
            name=name,
            plan=self._plan(),
            check_run=self._check_run(),
            apply_gate=self._apply_gate(),
            publish=self._publish(),
            explain_failure=self._function(
                "explain-failure", "Says in one line what broke and whether a rerun helps", {"DEPLOYMENT": name}
            ),
            training_job=TrainingJob(
                self,
                "Job",
                settings=settings,
                image=image,
                role=training_role.role,
                key=data.key,
                forecasts=data.forecasts,
            ),
            instance_types=settings.training_job.instance_types,
            topic=topic,
            key=data.key,
            # CloudWatch keeps the permissions of names under this prefix short enough for its policy.
            log_group=self._log_group("WorkflowLogs", name=f"/aws/vendedlogs/states/{name}-forecast"),
        )
        schedule = WeeklySchedule(
            self,
            "Schedule",
            name=name,
            settings=settings.schedule,
            state_machine=workflow.state_machine,
            key=data.key,
        )
        schedule.missed.add_alarm_action(cloudwatch_actions.SnsAction(topic))
        LostRuns(self, "LostRuns", state_machine=workflow.state_machine, topic=topic)

        CfnOutput(self, "StateMachineArn", value=workflow.state_machine.state_machine_arn)
        CfnOutput(self, "OutcomesTopicArn", value=topic.topic_arn)

    def _function(self, name: str, description: str, environment: dict[str, str]) -> PythonFunction:
        folder = name.replace("-", "_")
        construct_id = folder.title().replace("_", "")
        return PythonFunction(
            self,
            construct_id,
            name=f"{self._settings.name}-{name}",
            folder=folder,
            description=description,
            environment=environment,
            log_group=self._log_group(f"{construct_id}Logs"),
        )

    def _log_group(self, construct_id: str, *, name: str | None = None) -> logs.ILogGroup:
        return LogGroup(
            self,
            construct_id,
            name=name,
            key=self._data.key,
            days=self._settings.retention.log_days,
            removal_policy=RemovalPolicy.RETAIN if self._settings.keeps_data else RemovalPolicy.DESTROY,
        ).log_group

    def _plan(self) -> PythonFunction:
        settings = self._settings
        function = self._function(
            "plan",
            "Decides the run: cutoff, name, configuration, and whether there is demand",
            {
                "DATA_BUCKET": self._data.demand.bucket_name,
                "FORECAST_BUCKET": self._data.forecasts.bucket_name,
                "JOB_NAME_PREFIX": settings.name,
                "BASE_CONFIG": json.dumps(settings.forecast.to_strings()),
                "TIME_ZONE": settings.schedule.time_zone,
                "PERIOD_LABEL": settings.schedule.period_label,
            },
        )
        self._grant(
            function,
            "ListDemand",
            ["s3:ListBucket"],
            self._data.demand.bucket_arn,
            prefixes=[f"{prefix}*" for prefix in s3_layout.INPUTS],
        )
        bucket = self._data.forecasts
        seen = [s3_layout.POINTERS, s3_layout.MANIFESTS]
        self._grant(function, "FindThePublishedRun", ["s3:ListBucket"], bucket.bucket_arn, prefixes=seen)
        self._grant(function, "ReadThePointer", ["s3:GetObject"], bucket.arn_for_objects(s3_layout.POINTERS))
        self._grant(function, "UseTheKey", ["kms:Decrypt"], self._data.key.key_arn)
        return function

    def _check_run(self) -> PythonFunction:
        bucket = self._data.forecasts
        function = self._function(
            "check-run",
            "Compares the run's files with its manifest",
            {"FORECAST_BUCKET": bucket.bucket_name},
        )
        self._grant(function, "ListRuns", ["s3:ListBucket"], bucket.bucket_arn, prefixes=[f"{s3_layout.FORECASTS}*"])
        self._grant(function, "ReadRuns", ["s3:GetObject"], bucket.arn_for_objects(f"{s3_layout.FORECASTS}*"))
        self._grant(function, "UseTheKey", ["kms:Decrypt"], self._data.key.key_arn)
        return function

    def _apply_gate(self) -> PythonFunction:
        bucket = self._data.forecasts
        function = self._function(
            "apply-gate",
            "Holds a run back that is worse than it may be",
            {
                "FORECAST_BUCKET": bucket.bucket_name,
                "LIMITS": json.dumps(self._settings.gate.model_dump(exclude_none=True)),
            },
        )
        self._grant(function, "FindRuns", ["s3:ListBucket"], bucket.bucket_arn, prefixes=[f"{s3_layout.FORECASTS}*"])
        self._grant(function, "ReadRuns", ["s3:GetObject"], bucket.arn_for_objects(f"{s3_layout.FORECASTS}*"))
        self._grant(function, "MarkAsHeld", ["s3:PutObject"], bucket.arn_for_objects(s3_layout.HELD))
        self._grant(function, "UseTheKey", ["kms:Decrypt", "kms:GenerateDataKey"], self._data.key.key_arn)
        return function

    def _publish(self) -> PythonFunction:
        bucket = self._data.forecasts
        function = self._function(
            "publish",
            "Points the readers to the run, in one write",
            {"FORECAST_BUCKET": bucket.bucket_name, "DEPLOYMENT": self._settings.name},
        )
        self._grant(function, "FindThePointer", ["s3:ListBucket"], bucket.bucket_arn, prefixes=[s3_layout.POINTERS])
        self._grant(
            function, "MoveThePointer", ["s3:GetObject", "s3:PutObject"], bucket.arn_for_objects(s3_layout.POINTERS)
        )
        self._grant(function, "UseTheKey", ["kms:Decrypt", "kms:GenerateDataKey"], self._data.key.key_arn)
        return function

    def _grant(
        self,
        function: PythonFunction,
        sid: str,
        actions: list[str],
        resource: str,
        *,
        prefixes: list[str] | None = None,
    ) -> None:
        function.role.add_to_policy(
            iam.PolicyStatement(
                sid=sid,
                actions=actions,
                resources=[resource],
                conditions={"StringLike": {"s3:prefix": prefixes}} if prefixes else None,
            )
        )
        if "*" in resource:
            acknowledge_wildcard(
                function.role, resource, "The objects under one prefix: partitions and runs name them as they come."
            )
