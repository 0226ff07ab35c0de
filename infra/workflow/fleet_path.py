"""The way a run takes where a fleet forecasts: plan it, run it, and go on to the check as ever."""

from dataclasses import dataclass

from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.functions.python_function import PythonFunction
from infra.jobs.sagemaker_job import SagemakerJob
from infra.workflow.failure_path import ERROR_PATH
from infra.workflow.instance_fallback import chain_machines
from infra.workflow.tasks import ask_whether_claimed, call_function


@dataclass(frozen=True, kw_only=True)
class FleetSteps:
    """What the states call, in the order of a run.

    Attributes:
        plan_fleet: Plans the fleet for what is left to forecast.
        job: The fleet's job.
    """

    plan_fleet: PythonFunction
    job: SagemakerJob


@dataclass(frozen=True, kw_only=True)
class Exits:
    """The states to which the path leads.

    Attributes:
        checked: Where a completed job's work is looked at.
        another: Where an execution ends that was not given the run.
        failure: Where everything else ends.
    """

    checked: sfn.IChainable
    another: sfn.IChainable
    failure: sfn.IChainable


class FleetPath(Construct):
    """PlanFleet and the fleet's job, for the runs whose plan says so.

    The states have the names they are given in the console: they are made in the scope, not in this construct.

    The first of them looks what is left to forecast, so that it may be entered again and again.

    Attributes:
        again: Where a redriven execution enters: its attempt has ended, and another may have the run by now.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, steps: FleetSteps, claim: PythonFunction, exits: Exits
    ) -> None:
        """Make the states.

        Args:
            scope: The parent.
            construct_id: The id in it.
            steps: What the states of the fleet call.
            claim: Gives a run to one execution.
            exits: Where the path leads.
        """
        super().__init__(scope, construct_id)
        self._wanted = sfn.Condition.boolean_equals("$.plan.fleet", True)
        self._entry = self._forecast(scope, steps, exits)
        self.again = self._claim_again(scope, claim, exits)

    def _forecast(self, scope: Construct, steps: FleetSteps, exits: Exits) -> sfn.IChainable:
        planned = call_function(scope, "PlanFleet", steps.plan_fleet.function, result_path="$.fleet")
        planned.add_catch(exits.failure, result_path=ERROR_PATH)
        forecast = chain_machines(
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
        """Where a completed training job goes on.

        Args:
            scope: The parent.
            otherwise: Where, without the fleet.
        """
        return sfn.Choice(scope, "UsesFleet?").when(self._wanted, self._entry).otherwise(otherwise)

    def before_training(self, scope: Construct, *, otherwise: sfn.IChainable) -> sfn.IChainable:
        """Where a run begins: an earlier execution may have come as far as to hand it over.

        Args:
            scope: The parent.
            otherwise: Where, if none has.
        """
        taken_over = sfn.Pass(
            scope,
            "ResumeHandover",
            comment="An earlier execution trained and handed over the same; what its fleet has done is kept",
            parameters={"name.$": "$.claim.handover_job", "status": "Completed"},
            result_path="$.job",
        )
        handed_over = sfn.Condition.and_(self._wanted, sfn.Condition.is_present("$.claim.handover_job"))
        return sfn.Choice(scope, "IsHandedOver?").when(handed_over, taken_over.next(self._entry)).otherwise(otherwise)
