"""The way a run takes where a fleet forecasts: plan it, run it, and go on to the check as ever."""

from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.failure_path import ERROR_PATH
from infra.job_chain import Job, chain_machines
from infra.workflow_tasks import call_function


class FleetPath(Construct):
    """PlanFleet and the fleet's job, for the runs whose plan says so.

    The states have the names they are given in the console: they are made in the scope, not in this construct.

    Attributes:
        entry: The first state; it looks what is left to forecast, so that it may be entered again and again.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        plan_fleet: lambda_.IFunction,
        fleet: Job,
        checked: sfn.IChainable,
        failure: sfn.IChainable,
    ) -> None:
        super().__init__(scope, construct_id)
        self._wanted = sfn.Condition.boolean_equals("$.plan.fleet", True)
        self.entry = call_function(scope, "PlanFleet", plan_fleet, result_path="$.fleet")
        self.entry.add_catch(failure, result_path=ERROR_PATH)
        self.entry.next(
            chain_machines(scope, fleet, result="$.fleet_job", suffix=" (fleet)", checked=checked, failure=failure)
        )

    def after_training(self, scope: Construct, *, otherwise: sfn.IChainable) -> sfn.IChainable:
        """Where a completed training job goes on.

        Args:
            scope: The parent.
            otherwise: Where, without the fleet.
        """
        return sfn.Choice(scope, "Fleet?").when(self._wanted, self.entry).otherwise(otherwise)

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
        return sfn.Choice(scope, "HandedOver?").when(handed_over, taken_over.next(self.entry)).otherwise(otherwise)
