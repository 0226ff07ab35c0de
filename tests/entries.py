"""Entries for tests: forecasts whose parts are said one by one."""

import numpy as np

from job_code.calibration.forecast_table import Entries
from job_code.calibration.scale_model import OF_FORECAST
from job_code.model.baselines import SIMPLE_FORECASTS


def entries(model: np.ndarray, **given: np.ndarray) -> Entries:
    """Forecasts of smooth series that sell, one step ahead, unless it is said otherwise."""
    count = len(model)
    step = given.get("step", np.ones(count, dtype=np.int64))
    return Entries(
        step=step,
        kind=given.get("kind", np.zeros(count, dtype=np.int64)),
        cold_start=given.get("cold_start", np.zeros(count, dtype=bool)),
        active=given.get("active", np.ones(count, dtype=bool)),
        whole=given.get("whole", np.zeros(count, dtype=bool)),
        change=given.get("change", np.ones(count)),
        model=model,
        mean=given.get("mean", model),
        simple=given.get("simple", np.zeros((len(SIMPLE_FORECASTS), count))),
        told=given.get("told", np.stack([step, *[np.zeros(count)] * len(OF_FORECAST)]).astype(np.float32)),
    )
