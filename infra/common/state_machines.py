"""The state machines of a deployment, for the constructs that monitor them or react to them."""

from dataclasses import dataclass

from aws_cdk import aws_stepfunctions as sfn


@dataclass(frozen=True, kw_only=True)
class StateMachines:
    """The state machines of a deployment.

    Attributes:
        run: State machine of one run.
        partitions: State machine of all partitions; None in an environment without partitions.
    """

    run: sfn.IStateMachine
    partitions: sfn.IStateMachine | None
