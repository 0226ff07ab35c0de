"""Limits of SageMaker's jobs, from the API description in the pinned botocore where it has them."""

import functools
from typing import Any

from botocore.loaders import Loader

# The API description has no limit for training jobs. The developer guide: a job runs for at most 28 days.
MAX_TRAINING_MINUTES = 28 * 24 * 60
# The API description has no limit for training jobs. EBS volumes of the type that SageMaker uses end at 16 TiB.
MAX_TRAINING_VOLUME_GB = 16_384


@functools.cache
def shapes() -> dict[str, Any]:
    """Return the shapes of SageMaker's API. The function reads a local file and does not call AWS."""
    return dict(Loader().load_service_model("sagemaker", "service-2")["shapes"])


MAX_IMAGE_CHARACTERS: int = shapes()["AlgorithmImage"]["max"]
MAX_PROCESSING_MINUTES: int = shapes()["ProcessingMaxRuntimeInSeconds"]["max"] // 60
MAX_PROCESSING_VOLUME_GB: int = shapes()["ProcessingVolumeSizeInGB"]["max"]
