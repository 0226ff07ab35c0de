"""The state machine of a run: plan, claim, preflight, train and infer, check, gate, publish, and one failure path."""

from dataclasses import dataclass

from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from contract.names import run_machine
from infra.common.stack_context import StackContext
from infra.functions.python_function import PythonFunction
from infra.jobs.sagemaker_job import SagemakerJob
from infra.workflow.failure_path import ERROR_PATH, NO_FAULTS, ONE_OF_MANY, ONE_OF_MANY_WHY, FailurePath
from infra.workflow.fleet_path import Exits, FleetPath, FleetSteps
from infra.workflow.instance_fallback import chain_instance_choices
from infra.workflow.run_steps import RunSteps, longest_execution
from infra.workflow.state_machine import Rights, logged_state_machine
from infra.workflow.tasks import EXECUTION, ask_whether_claimed, call_function, notify

# An operator publishes an existing run: one that was pending approval, or an earlier one.
BY_HAND = sfn.Condition.is_present("$.plan.publish")


@dataclass(frozen=True, kw_only=True)
class _Calls:
    """The states that call a function. Each catches its errors and continues with the failure path."""

    plan: tasks.LambdaInvoke
    claim: tasks.LambdaInvoke
    preflight: tasks.LambdaInvoke
    check_run: tasks.LambdaInvoke
    claim_cutoff: tasks.LambdaInvoke
    quality_gate: tasks.LambdaInvoke
    publish: tasks.LambdaInvoke


class ForecastWorkflow(Construct):
    """The state machine of a run. One execution works on one run: a partition and a cutoff.

    The state data is an object from the first state on, even if the execution's input is not. Its keys, in order, are
    `execution`, `plan`, `claim`, `preflight`, `job`, `fleet`, `fleet_job`, `run`, `gate` and `published`. The failure
    path adds `error`, `failure` and `closed`.

    Attributes:
        state_machine: The state machine.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        context: StackContext,
        steps: RunSteps,
        log_group: logs.ILogGroup,
    ) -> None:
        """Create the state machine.

        Args:
            scope: The parent.
            construct_id: The id in it.
            context: Shared resources of the stack.
            steps: Functions and jobs that the states call.
            log_group: Log group of the executions.
        """
        super().__init__(scope, construct_id)
        failure_path = FailurePath(self, "FailurePath", steps=steps.failure, topic=context.topic)
        self._failure = failure_path.entry
        self._another = sfn.Succeed(
            self,
            "AlreadyClaimed",
            input_path="$.claim",
            comment="Another execution has claimed the run or published it",
        )
        self._calls = self._make_calls(steps)
        fleet_path = self._fleet_path(steps.fleet, steps.claim)
        train = self._train(steps.training_job, fleet_path)
        start = self._begin(train)
        self._check_and_publish(announce=self._announce(context.topic))
        failure_path.after_redrive(
            start=self._calls.plan, check=self._calls.check_run, fleet=fleet_path.again if fleet_path else None
        )
        self.state_machine = logged_state_machine(
            self,
            name=run_machine(context.name),
            comment=f"One run of {context.name}: train and infer in one job, check, quality gate, publish",
            start=start,
            longest=longest_execution(steps.jobs),
            log_group=log_group,
        )
        named_after_runs = "Jobs are named after runs, with this deployment's prefix."
        Rights(
            functions=steps.functions,
            statements=[statement for job in steps.jobs for statement in job.statements()],
            keys={"UseMessagesKey": context.messages_key},
            wildcards={job.arns: named_after_runs for job in steps.jobs},
        ).grant(self.state_machine)

    def _make_calls(self, steps: RunSteps) -> _Calls:
        return _Calls(
            plan=self._call("Plan", steps.plan, result_path="$.plan"),
            claim=self._call("Claim", steps.claim, result_path="$.claim"),
            preflight=self._call("Preflight", steps.preflight, result_path="$.preflight"),
            check_run=self._call("CheckRun", steps.check_run, result_path="$.run"),
            claim_cutoff=self._call("ClaimCutoff", steps.claim, result_path="$.claim"),
            quality_gate=self._call("QualityGate", steps.quality_gate, result_path="$.gate"),
            publish=self._call("Publish", steps.publish, result_path="$.published"),
        )

    def _call(self, state: str, function: PythonFunction, *, result_path: str) -> tasks.LambdaInvoke:
        call = call_function(self, state, function.function, result_path=result_path)
        call.add_catch(self._failure, result_path=ERROR_PATH)
        return call

    def _ask_whether_claimed(self, state: str, *, mine: sfn.IChainable) -> sfn.Choice:
        return ask_whether_claimed(self, state, mine=mine, another=self._another)

    def _fleet_path(self, steps: FleetSteps | None, claim: PythonFunction) -> FleetPath | None:
        if steps is None:
            return None
        exits = Exits(checked=self._calls.check_run, another=self._another, failure=self._failure)
        return FleetPath(self, "FleetPath", steps=steps, claim=claim, exits=exits)

    def _train(self, job: SagemakerJob, fleet_path: FleetPath | None) -> sfn.IChainable:
        """Create the states from a claimed run to CheckRun, and return the first."""
        check, preflight = self._calls.check_run, self._calls.preflight
        forecast = fleet_path.after_training(self, otherwise=check) if fleet_path else check
        preflight.next(chain_instance_choices(self, job, result="$.job", checked=forecast, failure=self._failure))
        # A run with a reusable handover skips Preflight, because it trains nothing and needs no training instance.
        return fleet_path.before_training(self, otherwise=preflight) if fleet_path else preflight

    def _begin(self, train: sfn.IChainable) -> sfn.Pass:
        """Create the states from the execution's input to a claimed run or an existing one, and return the first."""
        calls = self._calls
        receive = sfn.Pass(
            self,
            "Receive",
            comment="Wrap the input in an object, so that later states can add results and errors",
            parameters={"execution": EXECUTION, "faults": NO_FAULTS},
        )
        existing = sfn.Pass(
            self,
            "UseExistingRun",
            comment="The run exists; nothing is trained",
            parameters={"name.$": "$.plan.publish", "status": "Completed"},
            result_path="$.job",
        )
        by_hand = sfn.Choice(self, "PublishByHand?").when(BY_HAND, existing.next(calls.check_run))
        receive.next(calls.plan).next(by_hand.otherwise(calls.claim))
        calls.claim.next(self._ask_whether_claimed("Claimed?", mine=train))
        return receive

    def _check_and_publish(self, *, announce: sfn.IChainable) -> None:
        """Create the states from CheckRun to the published run."""
        calls = self._calls
        publish_only = sfn.Choice(self, "IsPublishOnly?").when(BY_HAND, calls.publish).otherwise(calls.quality_gate)
        # If only the job could determine the cutoff, this is the first claim under the run's own cutoff.
        calls.check_run.next(calls.claim_cutoff)
        calls.claim_cutoff.next(self._ask_whether_claimed("CutoffClaimed?", mine=publish_only))
        calls.quality_gate.next(calls.publish).next(announce)

    def _announce(self, topic: sns.ITopic) -> sfn.IChainable:
        """Create the states that announce a published run and succeed, and return the first."""
        succeeded = sfn.Succeed(self, "Succeeded", input_path="$.published")
        announce = sfn.Choice(self, "IsPartOfPartitionRun?", comment=ONE_OF_MANY_WHY).when(ONE_OF_MANY, succeeded)
        announce.otherwise(notify(self, "NotifySuccess", topic=topic, outcome_path="$.published", then=succeeded))
        return announce
