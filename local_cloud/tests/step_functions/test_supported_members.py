"""Step Functions refuses members of a job's request that its optimized integration does not know."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_cloud.core.request_validation import request_shape
from local_cloud.step_functions.supported_members import SUPPORTED
from local_cloud.tests.jobs_under_test import Jobs


@pytest.mark.parametrize(
    ("settings", "field", "where"),
    [
        ({"RetryStrategy": {"MaximumRetryAttempts": 2}}, "RetryStrategy", "Parameters"),
        ({"Flavor.$": "$.flavor"}, "Flavor", "Parameters"),
        (
            {"AlgorithmSpecification": {"TrainingImage.$": "$.image", "ContainerArguments.$": "States.Array($.mode)"}},
            "ContainerArguments",
            "Parameters/AlgorithmSpecification",
        ),
        (
            {"OutputDataConfig": {"S3OutputPath": "s3://bucket", "CompressionType": "NONE"}},
            "CompressionType",
            "Parameters/OutputDataConfig",
        ),
    ],
)
def test_an_unsupported_member_is_an_invalid_definition(
    create: Callable[..., str], jobs: Jobs, settings: dict[str, Any], field: str, where: str
) -> None:
    state = {**jobs.training_state("$.name", **settings), "End": True}
    message = f'InvalidDefinition.*The field "{field}" is not supported by Step Functions at /States/Train/{where}'
    with pytest.raises(ClientError, match=message):
        create({"Train": state})


def test_states_inside_a_map_and_a_parallel_are_checked(create: Callable[..., str], jobs: Jobs) -> None:
    inner = {
        "StartAt": "Train",
        "States": {"Train": {**jobs.training_state("$.name", RetryStrategy={"MaximumRetryAttempts": 1}), "End": True}},
    }
    for states in (
        {"Each": {"Type": "Map", "ItemProcessor": inner, "End": True}},
        {"Both": {"Type": "Parallel", "Branches": [inner], "End": True}},
    ):
        with pytest.raises(ClientError, match=r"RetryStrategy.*/0/States/Train/Parameters"):
            create(states)


@pytest.mark.parametrize("kind", ["Training", "Processing"])
def test_every_supported_member_exists_in_the_service(kind: str) -> None:
    members = request_shape("sagemaker", f"Create{kind}Job").members
    for name, inner in SUPPORTED[kind].items():
        assert name in members
        assert (inner or set()) <= set(getattr(members[name], "members", {})), name
