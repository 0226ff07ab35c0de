"""The stack with everything that runs: jobs, functions, state machines, schedules and monitoring."""

from aws_cdk import CfnOutput
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from contract.names import outcomes_topic, partitions_machine, run_machine
from infra.common.dead_letter_queue import DeadLetterQueue
from infra.common.environment_stack import EnvironmentStack
from infra.common.kms_keys import MessagesKey
from infra.common.notifications_topic import OutcomesTopic
from infra.common.stack_context import StackContext
from infra.common.state_machines import StateMachines
from infra.functions.function_factory import FunctionFactory
from infra.functions.outcome_functions import OutcomeFunctions
from infra.functions.partition_functions import PartitionFunctions
from infra.functions.python_function import PythonFunction
from infra.functions.run_functions import RunFunctions
from infra.jobs.jobs import Jobs
from infra.observability.monitoring import Monitoring
from infra.settings.environment import Settings
from infra.storage.data_stores import DataStores
from infra.triggers.deadline_schedule import Deadline
from infra.triggers.execution_events import ExecutionStatusRules
from infra.triggers.run_schedules import RunSchedules
from infra.workflow.failure_path import FailureSteps
from infra.workflow.fleet_path import FleetSteps
from infra.workflow.forecast_workflow import ForecastWorkflow
from infra.workflow.partitions_workflow import PartitionsSteps, PartitionsWorkflow
from infra.workflow.run_steps import RunSteps, longest_execution


class ForecastStack(EnvironmentStack):
    """Jobs, functions, state machines, schedules and monitoring, created in the order of their dependencies."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, data: DataStores) -> None:
        super().__init__(scope, construct_id, settings=settings, description=f"The forecast run of {settings.name}")
        self._settings = settings
        self._context = context = self._make_context(data.key)
        jobs = Jobs(self, context=context, demand=data.demand, forecasts=data.forecasts)
        self._make = FunctionFactory(self, context=context, data=data)
        self._of_outcome = OutcomeFunctions(self._make)
        steps = self._run_steps(jobs)
        run = self._run_workflow(steps)
        partitions = self._partitions_workflow(run, steps.failure.explain_failure, data.forecasts)
        state_machines = StateMachines(run=run, partitions=partitions)
        missed = RunSchedules(self, "Schedule", context=context, state_machine=partitions or run).missed
        self._add_deadline()
        Monitoring(
            self,
            "Monitoring",
            context=context,
            state_machines=state_machines,
            runs_widget=self._of_outcome.runs_widget().function,
            log_groups=self._make.log_groups,
            queue_alarms=[missed, context.undelivered.alarm],
        )
        ExecutionStatusRules(
            self,
            "ExecutionStatusRules",
            context=context,
            state_machines=state_machines,
            close_run=steps.failure.close_run.function,
        )
        CfnOutput(self, "StateMachineArn", value=run.state_machine_arn)
        CfnOutput(self, "OutcomesTopicArn", value=context.topic.topic_arn)

    def _make_context(self, key: kms.IKey) -> StackContext:
        """Create the shared resources: the topic, its key, and the queue of undelivered events."""
        settings, name = self._settings, self._settings.name
        messages_key = MessagesKey(self, "Messages", name=name, removal_policy=self.removal_policy).key
        topic = OutcomesTopic(
            self, "Outcomes", name=outcomes_topic(name), key=messages_key, emails=settings.alerts.emails
        ).topic
        undelivered = DeadLetterQueue(
            self,
            "Undelivered",
            name=f"{name}-undelivered",
            alarm_name=f"{name}-undelivered",
            alarm_description=(
                "AWS could not deliver an event or a function call. "
                "Read the message in the queue; docs/runbook.md says what to do."
            ),
            key=messages_key,
            topic=topic,
        )
        return StackContext(
            settings=settings,
            removal_policy=self.removal_policy,
            key=key,
            messages_key=messages_key,
            topic=topic,
            undelivered=undelivered,
        )

    def _run_steps(self, jobs: Jobs) -> RunSteps:
        """Create the functions of a run and collect everything that its states call."""
        of_run, of_outcome = RunFunctions(self._make, lease=longest_execution(jobs.all)), self._of_outcome
        close_run, explain_failure = of_outcome.close_run(), of_outcome.explain_failure()
        return RunSteps(
            plan=of_run.plan(image=jobs.image),
            claim=of_run.claim(),
            preflight=of_run.preflight(image=jobs.image, instances=jobs.training.instance_choices),
            training_job=jobs.training,
            fleet=self._fleet_steps(of_run, jobs),
            check_run=of_run.check_run(),
            quality_gate=of_run.quality_gate(),
            publish=of_run.publish(),
            failure=FailureSteps(
                explain_failure=explain_failure,
                close_run=close_run,
                fail_execution=of_outcome.fail_execution(),
            ),
        )

    def _fleet_steps(self, of_run: RunFunctions, jobs: Jobs) -> FleetSteps | None:
        if jobs.fleet is None or self._settings.fleet is None:
            return None
        return FleetSteps(plan_fleet=of_run.plan_fleet(self._settings.fleet), job=jobs.fleet)

    def _run_workflow(self, steps: RunSteps) -> sfn.StateMachine:
        """Create the state machine of one run."""
        return ForecastWorkflow(
            self,
            "Workflow",
            context=self._context,
            steps=steps,
            log_group=self._states_log("WorkflowLogs", run_machine(self._settings.name)),
        ).state_machine

    def _partitions_workflow(
        self, run: sfn.IStateMachine, explain_failure: PythonFunction, forecasts: s3.IBucket
    ) -> sfn.StateMachine | None:
        """Create the state machine of all partitions; None if the environment has no `[partitions]`."""
        if self._settings.partitions is None:
            return None
        functions = PartitionFunctions(self._make, self._settings.partitions)
        state_machine = PartitionsWorkflow(
            self,
            "Partitions",
            context=self._context,
            steps=PartitionsSteps(
                plan_partitions=functions.plan_partitions(),
                run=run,
                summarize_partitions=functions.summarize_partitions(),
                explain_failure=explain_failure,
            ),
            forecasts=forecasts,
            log_group=self._states_log("PartitionsLogs", partitions_machine(self._settings.name)),
        ).state_machine
        CfnOutput(self, "PartitionsStateMachineArn", value=state_machine.state_machine_arn)
        return state_machine

    def _states_log(self, construct_id: str, state_machine: str) -> logs.ILogGroup:
        # Names under this prefix keep CloudWatch's resource policy below its size limit.
        return self._context.log_group(self, construct_id, name=f"/aws/vendedlogs/states/{state_machine}")

    def _add_deadline(self) -> None:
        """Schedule CheckDeadline if the environment has a deadline."""
        cron = self._settings.alerts.deadline_cron
        if cron is not None:
            check_deadline = self._of_outcome.check_deadline(self._context.topic).function
            Deadline(self, "Deadline", context=self._context, cron=cron, check_deadline=check_deadline)
