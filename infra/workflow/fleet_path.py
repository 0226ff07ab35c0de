"""The path of a run that a fleet forecasts: plan the fleet, run it, and continue with CheckRun."""

from dataclasses import dataclass

from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.functions.python_function import PythonFunction
from infra.jobs.sagemaker_job import SagemakerJob
from infra.workflow.failure_path import ERROR_PATH
from infra.workflow.instance_fallback import chain_instance_choices
from infra.workflow.tasks import ask_whether_claimed, call_function


@dataclass(frozen=True, kw_only=True)
class FleetSteps:
    """The function and the job of the fleet path.

    Attributes:
        plan_fleet: Plans the fleet for the chunks that have no forecast yet.
        job: The fleet's processing job.
    """

    plan_fleet: PythonFunction
    job: SagemakerJob


@dataclass(frozen=True, kw_only=True)
class Exits:
    """The states that follow the path.

    Attributes:
        checked: State that checks the files of a completed job.
        another: End of an execution whose run is claimed by another execution.
        failure: First state of the failure path.
    """

    checked: sfn.IChainable
    another: sfn.IChainable
    failure: sfn.IChainable


class FleetPath(Construct):
    """PlanFleet and the fleet's job, for runs whose plan uses a fleet.

    The states are created in the parent scope, so that the console shows their names without this construct's id.
    PlanFleet lists the remaining chunks at each call, so an execution may enter the path more than once.

    Attributes:
        again: Entry of a redriven execution. It claims the run again, because its attempt has ended and another
            execution may hold the run.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, steps: FleetSteps, claim: PythonFunction, exits: Exits
    ) -> None:
        """Create the states.

        Args:
            scope: The parent.
            construct_id: The id in it.
            steps: Function and job of the path.
            claim: Leases a run to one execution.
            exits: States that follow the path.
        """
        super().__init__(scope, construct_id)
        self._wanted = sfn.Condition.boolean_equals("$.plan.fleet", True)
        self._entry = self._forecast(scope, steps, exits)
        self.again = self._claim_again(scope, claim, exits)

    def _forecast(self, scope: Construct, steps: FleetSteps, exits: Exits) -> sfn.IChainable:
        planned = call_function(scope, "PlanFleet", steps.plan_fleet.function, result_path="$.fleet")
        planned.add_catch(exits.failure, result_path=ERROR_PATH)
        forecast = chain_instance_choices(
            scope,
            steps.job,
            result="$.fleet_job",
            suffix=" (fleet)",
            checked=exits.checked,
            failure=exits.failure,
        )
        planned.next(forecast)
        return planned

    def _claim_again(self, scope: Construct, claim: PythonFunction, exits: Exits) -> sfn.IChainable:
        claimed = call_function(scope, "ClaimAgain", claim.function, result_path="$.claim")
        claimed.add_catch(exits.failure, result_path=ERROR_PATH)
        claimed.next(ask_whether_claimed(scope, "ClaimedAgain?", mine=self._entry, another=exits.another))
        return claimed

    def after_training(self, scope: Construct, *, otherwise: sfn.IChainable) -> sfn.IChainable:
        """Return the state that follows a completed training job.

        Args:
            scope: The parent.
            otherwise: Next state of a run without a fleet.
        """
        return sfn.Choice(scope, "UsesFleet?").when(self._wanted, self._entry).otherwise(otherwise)

    def before_training(self, scope: Construct, *, otherwise: sfn.IChainable) -> sfn.IChainable:
        """Return the state before training, which reuses the handover of an earlier execution if there is one.

        Args:
            scope: The parent.
            otherwise: Next state without a reusable handover.
        """
        resume = sfn.Pass(
            scope,
            "ResumeHandover",
            comment="Reuse the handover of an earlier execution, and the chunks that its fleet completed",
            parameters={"name.$": "$.claim.handover_job", "status": "Completed"},
            result_path="$.job",
        )
        has_handover = sfn.Condition.and_(self._wanted, sfn.Condition.is_present("$.claim.handover_job"))
        return sfn.Choice(scope, "IsHandedOver?").when(has_handover, resume.next(self._entry)).otherwise(otherwise)
