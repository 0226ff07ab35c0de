"""AWS on one machine: moto's server, extended so that it runs SageMaker jobs, Lambda functions and workflows.

    with LocalCloud() as cloud:
        outputs = cloud.deploy(Path("cdk.out"))
        started = cloud.client("stepfunctions").start_execution(stateMachineArn=outputs["Stack"]["StateMachineArn"])
        for event in follow_execution(cloud.client, started["executionArn"]):
            print(event)

The package knows nothing of the deployed application. Like AWS, it sees only the cloud assembly and the API calls.
`README.md` in this folder lists the real behavior, the substitutes and the missing features.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from local_cloud.client.assembly import DeploymentError
    from local_cloud.client.client_factory import ClientFactory
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
    "ClientFactory",
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

# The package's small programs (the job launcher, the docker shim) start often and do not need boto3. So each public
# name is imported on first access.
_HOMES = {
    "ApiFault": "middleware.api_faults",
    "ClientFactory": "client.client_factory",
    "DeploymentError": "client.assembly",
    "LocalCloud": "client.local_cloud",
    "FaultReason": "core.job_faults",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - an attribute of any type
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"local_cloud.{_HOMES.get(name, 'client.executions')}"), name)
