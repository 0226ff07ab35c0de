"""Train the model of one customer, and forecast the windows of its backtest, in this process and one thread."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from job_code.config import ForecastConfig
from job_code.evaluation.backtest_windows import BacktestWindow
from job_code.evaluation.window_forecast import WindowForecast, forecast_window
from job_code.model.direct_model import DirectModel
from job_code.model.fitting import ModelFit, train_segment
from job_code.model.segment_model import DemandSegment, SegmentModel
from job_code.preparation.training_sample import Sample
from job_code.series.arrays import Integers
from job_code.series.demand_classes import zero_share
from job_code.series.panel import Panel


@dataclass(frozen=True, kw_only=True)
class CustomerModel:
    """A trained model of one customer.

    Attributes:
        model: The model, trained on all demand.
        windows: Forecasts of the backtest's windows, by a model trained on the demand before all of them.
    """

    model: DirectModel
    windows: tuple[WindowForecast, ...]


def train_customer(
    sample: Sample, windows: Sequence[BacktestWindow], config: ForecastConfig, *, prior: float
) -> CustomerModel | None:
    """Train the models of a customer and of its backtest.

    Args:
        sample: The series of the customer.
        windows: The windows, the earliest first; the same for all customers.
        config: Model settings.
        prior: Median relative change over the series of all customers.

    Returns:
        None if the history is too short for a model and a backtest of its own.
    """
    held_out = windows[0].held_out_periods
    long = sample.panel.lengths > held_out
    if not long.any():
        return None
    past = sample.select(long).without_last(held_out)
    tested = _train(past, config)
    if tested is None:
        return None
    model = _train(sample, config)
    assert model is not None  # it has more rows
    return CustomerModel(
        model=model,
        windows=tuple(forecast_window(sample, window, tested, config, prior=prior) for window in windows),
    )


def _train(sample: Sample, config: ForecastConfig) -> DirectModel | None:
    """Train the segments that the series belong to. Return None if none of them has enough rows."""
    fit = ModelFit.of(sample.panel, sample.exogenous, sample.active, horizon=config.horizon)
    if not len(fit.panel):
        return None
    needed = set(_segments(fit.panel).tolist())
    segments = tuple(
        train_segment(fit, segment, config, on_round=lambda: None) if segment in needed else SegmentModel(segment)
        for segment in DemandSegment
    )
    if not any(segment.trees for segment in segments):
        return None
    return DirectModel.of(sample.panel.frequency, config.horizon, segments)


def _segments(panel: Panel) -> Integers:
    return np.unique(DemandSegment.of(zero_share(panel), panel.lengths, panel.frequency))
