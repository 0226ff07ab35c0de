"""The members of SageMaker's requests that the optimized integrations of Step Functions accept.

Step Functions keeps a list of its own. A definition with any other member is invalid, even if SageMaker knows it:
CreateStateMachine answers `The field "S3Operations" is not supported by Step Functions` (issue 15 of
aws/aws-step-functions-data-science-sdk-python). AWS does not publish the list. This file has the members with a source:

- The developer guide, connect-sagemaker: the ten basic members of CreateTrainingJob, and an example of each call.
- aws-cdk-lib, `SageMakerCreateTrainingJob.renderParameters`: integration tests of the CDK deploy these members.
- aws-step-functions-data-science-sdk-python, `TrainingStep` and `ProcessingStep`, with the requests of
  `sagemaker.workflow.airflow`: spot training with its waiting time, network isolation, ExperimentConfig, Tags.

Not in any source: RetryStrategy, ContainerEntrypoint and ContainerArguments of a training job, and
OutputDataConfig.CompressionType.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from local_cloud.step_functions.definitions import all_states

_TASK_RESOURCE = "sagemaker:create"
# Members with None are not checked further: their members are maps, or all have a source.
SUPPORTED: Mapping[str, Mapping[str, frozenset[str] | None]] = {
    "Training": {
        "AlgorithmSpecification": frozenset(
            {"AlgorithmName", "MetricDefinitions", "TrainingImage", "TrainingInputMode"}
        ),
        "CheckpointConfig": None,
        "EnableInterContainerTrafficEncryption": None,
        "EnableManagedSpotTraining": None,
        "EnableNetworkIsolation": None,
        "Environment": None,
        "ExperimentConfig": None,
        "HyperParameters": None,
        "InputDataConfig": None,
        "OutputDataConfig": frozenset({"KmsKeyId", "S3OutputPath"}),
        "ResourceConfig": frozenset({"InstanceCount", "InstanceType", "VolumeKmsKeyId", "VolumeSizeInGB"}),
        "RoleArn": None,
        "StoppingCondition": frozenset({"MaxRuntimeInSeconds", "MaxWaitTimeInSeconds"}),
        "Tags": None,
        "TrainingJobName": None,
        "VpcConfig": None,
    },
    "Processing": {
        "AppSpecification": frozenset({"ContainerArguments", "ContainerEntrypoint", "ImageUri"}),
        "Environment": None,
        "ExperimentConfig": None,
        "NetworkConfig": None,
        "ProcessingInputs": None,
        "ProcessingJobName": None,
        "ProcessingOutputConfig": None,
        "ProcessingResources": None,
        "RoleArn": None,
        "StoppingCondition": frozenset({"MaxRuntimeInSeconds"}),
        "Tags": None,
    },
}


def unsupported_members(definition: str) -> list[str]:
    """Return an error for each member that Step Functions does not support, with the path of its state.

    Args:
        definition: The state machine's definition, as JSON.
    """
    return [error for path, state in all_states(json.loads(definition)) for error in _errors(state, path)]


def _errors(state: Mapping[str, Any], path: str) -> Iterator[str]:
    for kind, supported in SUPPORTED.items():
        if f"{_TASK_RESOURCE}{kind}Job" in str(state.get("Resource", "")):
            yield from _unknown(state.get("Parameters", {}), supported, f"{path}/Parameters")


def _unknown(parameters: Mapping[str, Any], supported: Mapping[str, frozenset[str] | None], path: str) -> Iterator[str]:
    for field, value in parameters.items():
        name = field.removesuffix(".$")
        if name not in supported:
            yield f'The field "{name}" is not supported by Step Functions at {path}'
            continue
        members = supported[name]
        if members is not None and isinstance(value, Mapping):
            for member in value:
                if member.removesuffix(".$") not in members:
                    yield f'The field "{member.removesuffix(".$")}" is not supported by Step Functions at {path}/{name}'
