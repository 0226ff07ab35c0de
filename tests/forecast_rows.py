"""Build `ForecastRows` for tests from some of their attributes."""

import numpy as np

from job_code.calibration.forecast_table import ForecastRows
from job_code.calibration.scale_model import OF_FORECAST
from job_code.model.baselines import BASELINES


def forecast_rows(model: np.ndarray, **attributes: np.ndarray) -> ForecastRows:
    """Build rows. By default, they are for active, smooth series, one step ahead.

    Args:
        model: The model's forecast, shape (rows,).
        attributes: Other attributes of the rows.
    """
    count = len(model)
    step = attributes.get("step", np.ones(count, dtype=np.int64))
    features = np.stack([step, *[np.zeros(count)] * len(OF_FORECAST)]).astype(np.float32)
    return ForecastRows(
        step=step,
        demand_class=attributes.get("demand_class", np.zeros(count, dtype=np.int64)),
        cold_start=attributes.get("cold_start", np.zeros(count, dtype=bool)),
        active=attributes.get("active", np.ones(count, dtype=bool)),
        whole=attributes.get("whole", np.zeros(count, dtype=bool)),
        mean_absolute_change=attributes.get("mean_absolute_change", np.ones(count)),
        model=model,
        mean=attributes.get("mean", model),
        baselines=attributes.get("baselines", np.zeros((len(BASELINES), count))),
        scale_features=attributes.get("scale_features", features),
    )
