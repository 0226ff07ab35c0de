"""Metrics in CloudWatch's embedded metric format: log lines that CloudWatch reads as metrics.

The function makes no API call, so it needs no permission and cannot fail or be throttled.
"""

import json
import math
import sys
import time
from collections.abc import Mapping
from typing import Any

from contract.metrics import DEPLOYMENT, NAMESPACE, Metric

SECONDS, COUNT, RATIO = "Seconds", "Count", "None"


def emit_metrics(
    deployment: str,
    metrics: Mapping[Metric, tuple[float | None, str]],
    *,
    about: Mapping[str, str],
    **dimension: str,
) -> None:
    """Write metrics of one deployment.

    Args:
        deployment: Name of the deployment, the first dimension of each metric.
        metrics: Value and unit by name; values that are None or NaN are left out.
        about: Fields that identify the run. They can be searched and are not dimensions.
        **dimension: A further dimension for a part of the run, e.g. `Stage="fit"`.
    """
    measured = {name: (value, unit) for name, (value, unit) in metrics.items() if _is_measured(value)}
    if not measured:
        return
    description = {
        "Namespace": NAMESPACE,
        "Dimensions": [[DEPLOYMENT, *dimension]],
        "Metrics": [{"Name": name, "Unit": unit} for name, (_, unit) in measured.items()],
    }
    line: dict[str, Any] = {
        "_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [description]},
        DEPLOYMENT: deployment,
        **dimension,
        **about,
        **{name: value for name, (value, _) in measured.items()},
    }
    sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _is_measured(value: float | None) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)
