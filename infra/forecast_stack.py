"""What runs: the image, the job, the functions, the state machine, its schedule and its outcomes."""

from aws_cdk import CfnOutput, Environment, Stack
from aws_cdk import aws_cloudwatch_actions as cloudwatch_actions
from constructs import Construct

from infra.container_image import ContainerImage
from infra.data_stack import DataStack
from infra.deadline import Deadline
from infra.forecast_workflow import ForecastWorkflow, longest_execution
from infra.lost_runs import LostRuns
from infra.monthly_budget import MonthlyBudget
from infra.outcomes_topic import OutcomesTopic
from infra.run_alarms import RunAlarms
from infra.run_dashboard import RunDashboard
from infra.settings import Settings
from infra.training_job import TrainingJob
from infra.training_role import TrainingRole
from infra.weekly_schedule import WeeklySchedule
from infra.workflow_functions import WorkflowFunctions


class ForecastStack(Stack):
    """Composes the constructs."""

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
        training_job = TrainingJob(
            self,
            "Job",
            settings=settings,
            image=image,
            role=training_role.role,
            key=data.key,
            forecasts=data.forecasts,
        )
        longest = longest_execution(training_job)
        functions = WorkflowFunctions(self, settings=settings, data=data, lease=longest)
        close_run = functions.close_run()
        workflow = ForecastWorkflow(
            self,
            "Workflow",
            name=name,
            plan=functions.plan(),
            claim=functions.claim(),
            preflight=functions.preflight(image=image, machines=training_job.machines),
            check_run=functions.check_run(),
            apply_gate=functions.apply_gate(),
            publish=functions.publish(),
            explain_failure=functions.explain_failure(),
            close_run=close_run,
            end_failed=functions.end_failed(),
            training_job=training_job,
            longest=longest,
            topic=topic,
            key=data.key,
            # CloudWatch keeps the permissions of names under this prefix short enough for its policy.
            log_group=functions.log_group("WorkflowLogs", name=f"/aws/vendedlogs/states/{name}-forecast"),
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
        if settings.alerts.deadline_cron is not None:
            Deadline(
                self,
                "Deadline",
                name=name,
                settings=settings.schedule,
                cron=settings.alerts.deadline_cron,
                check_late=functions.check_late(topic).function,
            )
        alarms = RunAlarms(self, "Alarms", settings=settings, state_machine=workflow.state_machine, topic=topic)
        RunDashboard(
            self,
            "Dashboard",
            name=name,
            state_machine=workflow.state_machine,
            show_runs=functions.show_runs().function,
            log_groups=functions.log_groups,
            alarms=[*alarms.alarms, schedule.missed],
        )
        if settings.alerts.monthly_budget_usd is not None:
            MonthlyBudget(
                self,
                "Budget",
                name=name,
                limit_usd=settings.alerts.monthly_budget_usd,
                topic=topic,
                key=data.key,
            )
        LostRuns(
            self,
            "LostRuns",
            state_machine=workflow.state_machine,
            topic=topic,
            close_run=close_run.function,
        )

        CfnOutput(self, "StateMachineArn", value=workflow.state_machine.state_machine_arn)
        CfnOutput(self, "OutcomesTopicArn", value=topic.topic_arn)
