"""What the environment settles for every run, as the function's environment variables say it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """What the environment settles for every run.

    Attributes:
        data_bucket: Bucket with `demand/`, and what may lie beside it.
        forecast_bucket: Bucket with the runs.
        job_name_prefix: What every job's name begins with.
        base_config: The configuration as hyperparameters; an absent value is empty.
        image: The container image.
        model_format: Format of the models that the image reads; None for a prebuilt image, as only that knows.
        time_zone: IANA name of the zone whose midnight completes a period.
        period_label: Whether a period's date is its first day (`start`) or its last (`end`).
        partitioned: Whether each partition has its demand below a prefix of its own.
        fleet: The fleet's `enabled` (whether it forecasts where an execution does not say) and `instances` (None: as
            many as it takes); None where there is none.
    """

    data_bucket: str
    forecast_bucket: str
    job_name_prefix: str
    base_config: Mapping[str, str]
    image: str
    model_format: int | None
    time_zone: str
    period_label: str
    partitioned: bool = False
    fleet: Mapping[str, Any] | None = None

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> "Deployment":
        """Reads the function's environment variables."""
        return cls(
            data_bucket=variables["DATA_BUCKET"],
            forecast_bucket=variables["FORECAST_BUCKET"],
            job_name_prefix=variables["JOB_NAME_PREFIX"],
            base_config=json.loads(variables["BASE_CONFIG"]),
            image=variables["IMAGE"],
            model_format=json.loads(variables["MODEL_FORMAT"]),
            time_zone=variables["TIME_ZONE"],
            period_label=variables["PERIOD_LABEL"],
            partitioned=json.loads(variables["PARTITIONED"]),
            fleet=json.loads(variables["FLEET"]),
        )
