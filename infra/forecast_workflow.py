"""The state machine: plan, claim, look, train and infer, check, gate, publish; one way out for all that fails."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.failure_path import ERROR_PATH, NO_FAULTS, FailurePath
from infra.function import PythonFunction
from infra.nag import acknowledge_inline_policy, acknowledge_wildcard
from infra.training_job import MOST_FAULTS, QUOTA_ERRORS, TrainingJob
from infra.workflow_tasks import call_function, notify

# Beside the jobs: every function with its retries, and the messages.
OTHER_STATES = Duration.hours(1)
# Words of the platform where it has no machine of a type, and where it failed by itself or lost one.
CAPACITY = ("CapacityError", "InsufficientCapacity")
FAULTS = ("InternalServerError", "InternalFailure", "internal error", "ServiceUnavailable")
# How a job ends that spare capacity was taken from, or that never got any.
RECLAIMED = ("Interrupted", "MaxWaitTimeExceeded")
PAUSE_AFTER_FAULT = Duration.minutes(1)


def longest_execution(training_job: TrainingJob) -> Duration:
    """How long an execution may take at most, and so keep its run to itself."""
    return training_job.longest.plus(OTHER_STATES)


class ForecastWorkflow(Construct):
    """One execution is one run: a partition and a cutoff.

    The state's data is an object from the first state on, whatever the execution's input was: `execution`,
    then `plan`, `claim`, `preflight`, `job`, `run`, `gate`, `published`; on the way out `error`, `failure`, `closed`.

    Attributes:
        state_machine: The state machine.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        plan: PythonFunction,
        claim: PythonFunction,
        preflight: PythonFunction,
        check_run: PythonFunction,
        apply_gate: PythonFunction,
        publish: PythonFunction,
        explain_failure: PythonFunction,
        close_run: PythonFunction,
        end_failed: PythonFunction,
        training_job: TrainingJob,
        longest: Duration,
        topic: sns.ITopic,
        key: kms.IKey,
        log_group: logs.ILogGroup,
    ) -> None:
        super().__init__(scope, construct_id)
        failure_path = FailurePath(
            self,
            "FailurePath",
            explain_failure=explain_failure.function,
            close_run=close_run.function,
            end_failed=end_failed.function,
            topic=topic,
        )
        failure = failure_path.entry

        receive = sfn.Pass(
            self,
            "Receive",
            comment="Whatever the input is, from here on the data is an object that an error can be added to",
            parameters={
                "execution": {
                    "name.$": "$$.Execution.Name",
                    "id.$": "$$.Execution.Id",
                    "started_at.$": "$$.Execution.StartTime",
                    "input.$": "$$.Execution.Input",
                },
                "faults": NO_FAULTS,
            },
        )
        planned = call_function(self, "Plan", plan.function, result_path="$.plan")
        claimed = call_function(self, "Claim", claim.function, result_path="$.claim")
        ready = call_function(self, "Preflight", preflight.function, result_path="$.preflight")
        # Where only the job could tell the cutoff, this is the first time that the run has its name.
        claimed_cutoff = call_function(self, "ClaimCutoff", claim.function, result_path="$.claim")
        checked = call_function(self, "CheckRun", check_run.function, result_path="$.run")
        gated = call_function(self, "ApplyGate", apply_gate.function, result_path="$.gate")
        published = call_function(self, "Publish", publish.function, result_path="$.published")
        for state in (planned, claimed, ready, checked, claimed_cutoff, gated, published):
            state.add_catch(failure, result_path=ERROR_PATH)
        succeeded = sfn.Succeed(self, "Succeeded", input_path="$.published")
        announce = notify(self, "NotifySuccess", topic=topic, outcome_path="$.published", then=succeeded)

        # A job that was stopped is no error to Step Functions; here it becomes one.
        not_completed = sfn.Pass(
            self,
            "JobNotCompleted",
            parameters={"Error": "JobNotCompleted", "Cause.$": "States.JsonToString($.job)"},
            result_path=ERROR_PATH,
        )
        completed = sfn.Choice(self, "JobCompleted?")
        completed.when(sfn.Condition.string_equals("$.job.status", "Completed"), checked).otherwise(not_completed)
        not_completed.next(failure)
        trained = self._train_and_infer(training_job, then=completed, failure=failure)

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
        another = sfn.Succeed(
            self, "AnotherHasIt", input_path="$.claim", comment="Another execution has the run, or has published it"
        )
        mine = sfn.Condition.boolean_equals("$.claim.claimed", True)
        claimed.next(sfn.Choice(self, "Claimed?").when(mine, ready.next(trained)).otherwise(another))
        looked_at = sfn.Choice(self, "LookedAt?").when(by_hand, published).otherwise(gated)
        checked.next(claimed_cutoff).next(sfn.Choice(self, "CutoffClaimed?").when(mine, looked_at).otherwise(another))
        failure_path.after_redrive(start=planned, check=checked)
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
        self._allow(training_job, key=key)
        functions = [plan, claim, preflight, check_run, apply_gate, publish, explain_failure, close_run, end_failed]
        self._acknowledge(functions, training_job)

    def _train_and_infer(
        self, training_job: TrainingJob, *, then: sfn.IChainable, failure: sfn.IChainable
    ) -> sfn.IChainable:
        """Chains a state a machine, from the last to the first; what went wrong decides what is tried next."""
        following: sfn.IChainable | None = None
        for choice, machine in reversed(list(enumerate(training_job.machines))):
            state = training_job.state(machine, choice=choice)
            why = sfn.Choice(self, f"Why not {machine.words}?")
            if following is not None:
                why.when(sfn.Condition.or_(caused_by(*CAPACITY), *raised(*QUOTA_ERRORS)), following)
            again = sfn.Pass(
                self,
                f"CountFault ({machine.words})",
                parameters={"count.$": "States.MathAdd($.faults.count, 1)"},
                result_path="$.faults",
            )
            pause = sfn.Wait(self, f"Pause ({machine.words})", time=sfn.WaitTime.duration(PAUSE_AFTER_FAULT))
            few = sfn.Condition.number_less_than("$.faults.count", MOST_FAULTS)
            why.when(sfn.Condition.and_(few, caused_by(*FAULTS)), again.next(pause).next(state))
            state.add_catch(why.otherwise(failure), result_path=ERROR_PATH)
            if machine.spot and following is not None:
                reclaimed = sfn.Condition.or_(
                    *(sfn.Condition.string_equals("$.job.secondary_status", status) for status in RECLAIMED)
                )
                state.next(sfn.Choice(self, f"Reclaimed ({machine.words})?").when(reclaimed, following).otherwise(then))
            else:
                state.next(then)
            following = state
        assert following is not None
        return following

    def _allow(self, training_job: TrainingJob, *, key: kms.IKey) -> None:
        for statement in training_job.statements():
            self.state_machine.add_to_role_policy(statement)
        # To publish to an encrypted topic, a role must be able to use the topic's key.
        self.state_machine.add_to_role_policy(
            iam.PolicyStatement(
                sid="EncryptTheMessages", actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[key.key_arn]
            )
        )

    def _acknowledge(self, functions: Sequence[PythonFunction], training_job: TrainingJob) -> None:
        role = self.state_machine.role
        acknowledge_inline_policy(role)
        for function in functions:
            acknowledge_wildcard(role, f"{function.function.function_arn}:*", "The versions of this one function.")
        acknowledge_wildcard(role, training_job.arns, "Jobs are named after runs, each with this deployment's prefix.")
        acknowledge_wildcard(role, "*", "X-Ray and the log delivery of Step Functions know no resources.")


def caused_by(*words: str) -> sfn.Condition:
    """The platform's cause has one of these words.

    A job that ran and failed speaks of an AlgorithmError, whatever words its own message has.
    """
    return sfn.Condition.and_(
        # A timeout comes without a cause.
        sfn.Condition.is_present("$.error.Cause"),
        sfn.Condition.or_(*(sfn.Condition.string_matches("$.error.Cause", f"*{word}*") for word in words)),
        sfn.Condition.not_(sfn.Condition.string_matches("$.error.Cause", "*AlgorithmError*")),
    )


def raised(*errors: str) -> list[sfn.Condition]:
    """The API answered with one of these errors."""
    return [sfn.Condition.string_equals("$.error.Error", error) for error in errors]
