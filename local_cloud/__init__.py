"""The AWS cloud on one machine: moto's server, plus what it lacks to run SageMaker jobs, Lambdas and workflows.

    with LocalCloud() as cloud:
        outputs = cloud.deploy(Path("cdk.out"))
        started = cloud.client("stepfunctions").start_execution(stateMachineArn=outputs["Stack"]["StateMachineArn"])
        for event in follow_execution(cloud.client, started["executionArn"]):
            print(event)

Nothing here knows the application that is deployed: it sees the cloud assembly and the API calls, as AWS does.
`README.md` beside this file says what is real, what stands in and what is missing.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from local_cloud.client.assembly import DeploymentError
    from local_cloud.client.executions import (
        ExecutionEnded,
        ExecutionEvent,
        JobLogLine,
        StateEvent,
        follow_execution,
        save_execution,
        wait_for_execution,
    )
    from local_cloud.client.local_cloud import LocalCloud
    from local_cloud.core.job_faults import FaultReason
    from local_cloud.middleware.api_faults import ApiFault

__all__ = [
    "ApiFault",
    "DeploymentError",
    "ExecutionEnded",
    "ExecutionEvent",
    "FaultReason",
    "JobLogLine",
    "LocalCloud",
    "StateEvent",
    "follow_execution",
    "save_execution",
    "wait_for_execution",
]

# The small programs of this package (a job's launcher, the stand-in for docker) start often and need no boto3: the
# public names are imported when they are asked for.
_HOMES = {
    "ApiFault": "middleware.api_faults",
    "DeploymentError": "client.assembly",
    "LocalCloud": "client.local_cloud",
    "FaultReason": "core.job_faults",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the module holds under that name
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"local_cloud.{_HOMES.get(name, 'client.executions')}"), name)
