"""The state machines of a deployment, for the constructs that watch them or react to them."""

from dataclasses import dataclass

from aws_cdk import aws_stepfunctions as sfn


@dataclass(frozen=True, kw_only=True)
class StateMachines:
    """The state machines of a deployment.

    Attributes:
        run: Its executions are runs.
        partitions: Its executions run all partitions; None where there is only one.
    """

    run: sfn.IStateMachine
    partitions: sfn.IStateMachine | None
