"""The way a run takes where a fleet forecasts: plan it, run it, and go on to the check as ever."""

from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.jobs.sagemaker_job import SagemakerJob
from infra.workflow.failure_path import ERROR_PATH
from infra.workflow.instance_fallback import chain_machines
from infra.workflow.tasks import call_function


class FleetPath(Construct):
    """PlanFleet and the fleet's job, for the runs whose plan says so.

    The states have the names they are given in the console: they are made in the scope, not in this construct.

    The first of them looks what is left to forecast, so that it may be entered again and again.

    Attributes:
        again: Where a redriven execution enters: its attempt has ended, and another may have the run by now.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        claim: lambda_.IFunction,
        mine: sfn.Condition,
        another: sfn.IChainable,
        plan_fleet: lambda_.IFunction,
        fleet: SagemakerJob,
        checked: sfn.IChainable,
        failure: sfn.IChainable,
    ) -> None:
        """Makes the states.

        Args:
            scope: The parent.
            construct_id: The id in it.
            claim: Gives a run to one execution.
            mine: Whether that gave it to this one.
            another: Where an execution ends that was not given it.
            plan_fleet: Plans the fleet.
            fleet: The fleet's job.
            checked: Where a completed job's work is looked at.
            failure: Where everything else ends.
        """
        super().__init__(scope, construct_id)
        self._wanted = sfn.Condition.boolean_equals("$.plan.fleet", True)
        self._entry = call_function(scope, "PlanFleet", plan_fleet, result_path="$.fleet")
        self._entry.add_catch(failure, result_path=ERROR_PATH)
        self._entry.next(
            chain_machines(scope, fleet, result="$.fleet_job", suffix=" (fleet)", checked=checked, failure=failure)
        )
        self.again = call_function(scope, "ClaimAgain", claim, result_path="$.claim")
        self.again.add_catch(failure, result_path=ERROR_PATH)
        self.again.next(sfn.Choice(scope, "ClaimedAgain?").when(mine, self._entry).otherwise(another))

    def after_training(self, scope: Construct, *, otherwise: sfn.IChainable) -> sfn.IChainable:
        """Where a completed training job goes on.

        Args:
            scope: The parent.
            otherwise: Where, without the fleet.
        """
        return sfn.Choice(scope, "Fleet?").when(self._wanted, self._entry).otherwise(otherwise)

    def before_training(self, scope: Construct, *, otherwise: sfn.IChainable) -> sfn.IChainable:
        """Where a run begins: an earlier execution may have come as far as to hand it over.

        Args:
            scope: The parent.
            otherwise: Where, if none has.
        """
        taken_over = sfn.Pass(
            scope,
            "TakeOver",
            comment="An earlier execution trained and handed over the same; what its fleet has done is kept",
            parameters={"name.$": "$.claim.handed_over", "status": "Completed"},
            result_path="$.job",
        )
        handed_over = sfn.Condition.and_(self._wanted, sfn.Condition.is_present("$.claim.handed_over"))
        return sfn.Choice(scope, "HandedOver?").when(handed_over, taken_over.next(self._entry)).otherwise(otherwise)
