"""The state machine: plan, claim, look, train and infer, check, gate, publish; one way out for all that fails."""

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.common.nag import acknowledge_inline_policy, acknowledge_wildcard
from infra.functions.python_function import PythonFunction
from infra.jobs.sagemaker_job import SagemakerJob
from infra.workflow.failure_path import ERROR_PATH, NO_FAULTS, ONE_OF_MANY, ONE_OF_MANY_WHY, FailurePath
from infra.workflow.fleet_path import FleetPath
from infra.workflow.instance_fallback import chain_machines
from infra.workflow.tasks import EXECUTION, call_function, notify

# Beside the jobs: every function with its retries, and the messages.
OTHER_STATES = Duration.hours(1)


def longest_execution(*jobs: SagemakerJob) -> Duration:
    """How long an execution may take at most, and so keep its run to itself."""
    longest = OTHER_STATES
    for job in jobs:
        longest = longest.plus(job.longest)
    return longest


@dataclass(frozen=True, kw_only=True)
class Functions:
    """What the states call, in the order of a run.

    Attributes:
        plan_fleet: None where there is no fleet.
    """

    plan: PythonFunction
    claim: PythonFunction
    preflight: PythonFunction
    plan_fleet: PythonFunction | None
    check_run: PythonFunction
    apply_gate: PythonFunction
    publish: PythonFunction
    explain_failure: PythonFunction
    close_run: PythonFunction
    end_failed: PythonFunction

    @property
    def all(self) -> list[PythonFunction]:
        """Those there are."""
        return [function for function in vars(self).values() if function is not None]


class ForecastWorkflow(Construct):
    """One execution is one run: a partition and a cutoff.

    The state's data is an object from the first state on, whatever the execution's input was: `execution`,
    then `plan`, `claim`, `preflight`, `job`, `fleet`, `fleet_job`, `run`, `gate`, `published`; on the way out `error`,
    `failure`, `closed`.

    Attributes:
        state_machine: The state machine.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        functions: Functions,
        training_job: SagemakerJob,
        fleet: SagemakerJob | None,
        longest: Duration,
        topic: sns.ITopic,
        key: kms.IKey,
        log_group: logs.ILogGroup,
    ) -> None:
        super().__init__(scope, construct_id)
        failure_path = FailurePath(
            self,
            "FailurePath",
            explain_failure=functions.explain_failure.function,
            close_run=functions.close_run.function,
            end_failed=functions.end_failed.function,
            topic=topic,
        )
        failure = failure_path.entry

        receive = sfn.Pass(
            self,
            "Receive",
            comment="Whatever the input is, from here on the data is an object that an error can be added to",
            parameters={
                "execution": EXECUTION,
                "faults": NO_FAULTS,
            },
        )
        planned = call_function(self, "Plan", functions.plan.function, result_path="$.plan")
        claimed = call_function(self, "Claim", functions.claim.function, result_path="$.claim")
        ready = call_function(self, "Preflight", functions.preflight.function, result_path="$.preflight")
        # Where only the job could tell the cutoff, this is the first time that the run has its name.
        claimed_cutoff = call_function(self, "ClaimCutoff", functions.claim.function, result_path="$.claim")
        checked = call_function(self, "CheckRun", functions.check_run.function, result_path="$.run")
        gated = call_function(self, "ApplyGate", functions.apply_gate.function, result_path="$.gate")
        published = call_function(self, "Publish", functions.publish.function, result_path="$.published")
        for state in (planned, claimed, ready, checked, claimed_cutoff, gated, published):
            state.add_catch(failure, result_path=ERROR_PATH)
        succeeded = sfn.Succeed(self, "Succeeded", input_path="$.published")
        announce = sfn.Choice(self, "OneOfMany?", comment=ONE_OF_MANY_WHY).when(ONE_OF_MANY, succeeded)
        announce.otherwise(notify(self, "NotifySuccess", topic=topic, outcome_path="$.published", then=succeeded))

        another = sfn.Succeed(
            self, "AnotherHasIt", input_path="$.claim", comment="Another execution has the run, or has published it"
        )
        mine = sfn.Condition.boolean_equals("$.claim.claimed", True)
        path = None
        if fleet is not None and functions.plan_fleet is not None:
            path = FleetPath(
                self,
                "FleetPath",
                claim=functions.claim.function,
                mine=mine,
                another=another,
                plan_fleet=functions.plan_fleet.function,
                fleet=fleet,
                checked=checked,
                failure=failure,
            )
        forecast = path.after_training(self, otherwise=checked) if path else checked
        trained = chain_machines(self, training_job, result="$.job", checked=forecast, failure=failure)
        # What an earlier execution has trained needs no machine to train on, nor time, disk and quota for one.
        looked = ready.next(trained)
        begun = path.before_training(self, otherwise=looked) if path else looked

        # Somebody has looked at a run that was held, or wants an earlier one back.
        by_hand = sfn.Condition.is_present("$.plan.publish")
        existing = sfn.Pass(
            self,
            "TakeTheRun",
            comment="There is nothing to train: the run is there",
            parameters={"name.$": "$.plan.publish", "status": "Completed"},
            result_path="$.job",
        )
        receive.next(planned).next(
            sfn.Choice(self, "PublishByHand?").when(by_hand, existing.next(checked)).otherwise(claimed)
        )
        claimed.next(sfn.Choice(self, "Claimed?").when(mine, begun).otherwise(another))
        looked_at = sfn.Choice(self, "LookedAt?").when(by_hand, published).otherwise(gated)
        checked.next(claimed_cutoff).next(sfn.Choice(self, "CutoffClaimed?").when(mine, looked_at).otherwise(another))
        failure_path.after_redrive(start=planned, check=checked, fleet=path.again if path else None)
        gated.next(published).next(announce)
        self.state_machine = sfn.StateMachine(
            self,
            "StateMachine",
            state_machine_name=f"{name}-forecast",
            comment=f"One run of {name}: train and infer in one job, check, gate, publish",
            definition_body=sfn.DefinitionBody.from_chainable(receive),
            timeout=longest,
            tracing_enabled=True,
            logs=sfn.LogOptions(level=sfn.LogLevel.ALL, include_execution_data=True, destination=log_group),
        )
        jobs = [training_job, *([fleet] if fleet is not None else [])]
        self._allow(jobs, key=key)
        self._acknowledge(functions, jobs)

    def _allow(self, jobs: Sequence[SagemakerJob], *, key: kms.IKey) -> None:
        for job in jobs:
            for statement in job.statements():
                self.state_machine.add_to_role_policy(statement)
        # To publish to an encrypted topic, a role must be able to use the topic's key.
        self.state_machine.add_to_role_policy(
            iam.PolicyStatement(
                sid="EncryptTheMessages", actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[key.key_arn]
            )
        )

    def _acknowledge(self, functions: Functions, jobs: Sequence[SagemakerJob]) -> None:
        role = self.state_machine.role
        acknowledge_inline_policy(role)
        for function in functions.all:
            acknowledge_wildcard(role, f"{function.function.function_arn}:*", "The versions of this one function.")
        for job in jobs:
            acknowledge_wildcard(role, job.arns, "Jobs are named after runs, each with this deployment's prefix.")
        acknowledge_wildcard(role, "*", "X-Ray and the log delivery of Step Functions know no resources.")
