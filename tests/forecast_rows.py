"""Rows of forecasts for tests, given part by part."""

import numpy as np

from job_code.calibration.forecast_table import ForecastRows
from job_code.calibration.scale_model import OF_FORECAST
from job_code.model.baselines import BASELINES


def forecast_rows(model: np.ndarray, **given: np.ndarray) -> ForecastRows:
    """Build rows; by default of active, smooth series, one step ahead.

    Args:
        model: The model's forecast, shape (rows,).
        given: Other attributes of the rows.
    """
    count = len(model)
    step = given.get("step", np.ones(count, dtype=np.int64))
    features = np.stack([step, *[np.zeros(count)] * len(OF_FORECAST)]).astype(np.float32)
    return ForecastRows(
        step=step,
        demand_class=given.get("demand_class", np.zeros(count, dtype=np.int64)),
        cold_start=given.get("cold_start", np.zeros(count, dtype=bool)),
        active=given.get("active", np.ones(count, dtype=bool)),
        whole=given.get("whole", np.zeros(count, dtype=bool)),
        mean_absolute_change=given.get("mean_absolute_change", np.ones(count)),
        model=model,
        mean=given.get("mean", model),
        baselines=given.get("baselines", np.zeros((len(BASELINES), count))),
        scale_features=given.get("scale_features", features),
    )
