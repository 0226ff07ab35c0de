"""Metrics in CloudWatch's embedded format: lines of the log that CloudWatch also reads as numbers.

No call is made, so nothing can fail, be throttled, or need a right.
"""

import json
import math
import sys
import time
from collections.abc import Mapping
from typing import Any

from contract.metrics import DEPLOYMENT, NAMESPACE, Metric

SECONDS, COUNT, RATIO = "Seconds", "Count", "None"


def put(
    deployment: str,
    metrics: Mapping[Metric, tuple[float | None, str]],
    *,
    about: Mapping[str, str],
    **dimension: str,
) -> None:
    """Writes metrics of one deployment.

    Args:
        deployment: Name of the deployment, the first dimension of each.
        metrics: Value and unit by name; one that was not measured (None or NaN) is left out.
        about: The run; searchable beside the numbers, and no dimension.
        **dimension: One more, where the numbers are of a part: `Stage="fit"`.
    """
    measured = {name: (value, unit) for name, (value, unit) in metrics.items() if _is_measured(value)}
    if not measured:
        return
    described = {
        "Namespace": NAMESPACE,
        "Dimensions": [[DEPLOYMENT, *dimension]],
        "Metrics": [{"Name": name, "Unit": unit} for name, (_, unit) in measured.items()],
    }
    line: dict[str, Any] = {
        "_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [described]},
        DEPLOYMENT: deployment,
        **dimension,
        **about,
        **{name: value for name, (value, _) in measured.items()},
    }
    sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _is_measured(value: float | None) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)
