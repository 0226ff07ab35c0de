"""What runs: the jobs, the functions, the state machine, its schedule and its outcomes."""

from aws_cdk import CfnOutput
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.common.dead_letter_queue import DeadLetterQueue
from infra.common.environment_stack import EnvironmentStack
from infra.common.kms_keys import MessagesKey
from infra.common.notifications_topic import OutcomesTopic
from infra.common.stack_context import StackContext
from infra.common.state_machines import StateMachines
from infra.functions.function_factory import FunctionMaker
from infra.functions.outcome_functions import OutcomeFunctions
from infra.functions.partition_functions import PartitionFunctions
from infra.functions.python_function import PythonFunction
from infra.functions.run_functions import RunFunctions
from infra.jobs.jobs import Jobs
from infra.observability.observability import Observation
from infra.settings.environment import Settings
from infra.storage.data_stores import DataStores
from infra.triggers.deadline_schedule import Deadline
from infra.triggers.execution_events import LostRuns
from infra.triggers.run_schedules import WeeklySchedule
from infra.workflow.forecast_workflow import ForecastWorkflow, Functions, longest_execution
from infra.workflow.partitions_workflow import PartitionsWorkflow


class ForecastStack(EnvironmentStack):
    """Composes the constructs."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, data: DataStores) -> None:
        super().__init__(scope, construct_id, settings=settings, description=f"The forecast run of {settings.name}")
        name = settings.name
        messages_key = MessagesKey(self, "Messages", name=name, removal_policy=self.removal_policy).key
        topic = OutcomesTopic(
            self, "Outcomes", name=f"{name}-outcomes", key=messages_key, emails=settings.alerts.emails
        ).topic
        undelivered = DeadLetterQueue(
            self,
            "Undelivered",
            name=f"{name}-undelivered",
            alarm_name=f"{name}-undelivered",
            what_to_do="An event or a call was given up; the queue's message says which, docs/operating.md what to do",
            key=messages_key,
            topic=topic,
        )
        self._context = StackContext(
            settings=settings,
            removal_policy=self.removal_policy,
            key=data.key,
            messages_key=messages_key,
            topic=topic,
            undelivered=undelivered,
        )
        jobs = Jobs(self, context=self._context, demand=data.demand, forecasts=data.forecasts)
        longest = longest_execution(jobs.training, *([jobs.fleet] if jobs.fleet else []))
        make = FunctionMaker(self, context=self._context, data=data)
        of_run, of_outcome = RunFunctions(make, lease=longest), OutcomeFunctions(make)
        close_run, explain_failure = of_outcome.close_run(), of_outcome.explain_failure()
        workflow = ForecastWorkflow(
            self,
            "Workflow",
            name=name,
            functions=Functions(
                plan=of_run.plan(image=jobs.image),
                claim=of_run.claim(),
                preflight=of_run.preflight(image=jobs.image, machines=jobs.training.machines),
                plan_fleet=of_run.plan_fleet(settings.fleet) if settings.fleet else None,
                check_run=of_run.check_run(),
                apply_gate=of_run.apply_gate(),
                publish=of_run.publish(),
                explain_failure=explain_failure,
                close_run=close_run,
                end_failed=of_outcome.end_failed(),
            ),
            training_job=jobs.training,
            fleet=jobs.fleet,
            longest=longest,
            topic=topic,
            key=messages_key,
            # CloudWatch keeps the permissions of names under this prefix short enough for its policy.
            log_group=self._context.log_group(self, "WorkflowLogs", name=f"/aws/vendedlogs/states/{name}-forecast"),
        )
        partitions = self._partitions(settings, data, make, workflow, explain_failure, topic, messages_key)
        schedule = WeeklySchedule(
            self,
            "Schedule",
            context=self._context,
            state_machine=partitions or workflow.state_machine,
        )
        if settings.alerts.deadline_cron is not None:
            Deadline(
                self,
                "Deadline",
                context=self._context,
                cron=settings.alerts.deadline_cron,
                check_late=of_outcome.check_late(topic).function,
            )
        state_machines = StateMachines(run=workflow.state_machine, partitions=partitions)
        Observation(
            self,
            "Observation",
            context=self._context,
            state_machines=state_machines,
            show_runs=of_outcome.show_runs().function,
            log_groups=make.log_groups,
            of_queues=[schedule.missed, undelivered.alarm],
        )
        LostRuns(
            self,
            "LostRuns",
            context=self._context,
            state_machines=state_machines,
            close_run=close_run.function,
        )

        CfnOutput(self, "StateMachineArn", value=workflow.state_machine.state_machine_arn)
        CfnOutput(self, "OutcomesTopicArn", value=topic.topic_arn)

    def _partitions(
        self,
        settings: Settings,
        data: DataStores,
        make: FunctionMaker,
        workflow: ForecastWorkflow,
        explain_failure: PythonFunction,
        topic: sns.ITopic,
        messages_key: kms.IKey,
    ) -> sfn.StateMachine | None:
        """The state machine of all partitions; None where there is but one."""
        if settings.partitions is None:
            return None
        functions, name = PartitionFunctions(make, settings.partitions), f"{settings.name}-partitions"
        state_machine = PartitionsWorkflow(
            self,
            "Partitions",
            name=settings.name,
            run=workflow.state_machine,
            plan_partitions=functions.plan_partitions(),
            sum_up=functions.sum_up(),
            explain_failure=explain_failure,
            forecasts=data.forecasts,
            data_key=data.key,
            topic=topic,
            key=messages_key,
            log_group=self._context.log_group(self, "PartitionsLogs", name=f"/aws/vendedlogs/states/{name}"),
        ).state_machine
        CfnOutput(self, "PartitionsStateMachineArn", value=state_machine.state_machine_arn)
        return state_machine
