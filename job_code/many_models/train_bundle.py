"""Train the models of a bundle's customers, compare them with the global model, and choose for each customer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from job_code.calibration.calibrator import ConformalCalibrator
from job_code.config import ForecastConfig
from job_code.evaluation.backtest_windows import BacktestWindow
from job_code.evaluation.cross_fit import ObservedRows
from job_code.evaluation.window_forecast import WindowForecast, forecast_window
from job_code.forecasting.forecaster import Forecaster
from job_code.many_models.bundle import Customer, customers_of
from job_code.many_models.compare_models import Comparison
from job_code.many_models.train_customer import CustomerModel, train_customer
from job_code.model.direct_model import DirectModel
from job_code.preparation.training_sample import Sample
from job_code.runtime.failures import Failure
from job_code.series.arrays import Integers


@dataclass(frozen=True, kw_only=True)
class SharedModel:
    """The global model that all customers share, and the plan of their backtest.

    Attributes:
        forecaster: The global model, trained on all demand.
        tested: The model of its backtest, trained on the demand before all windows.
        windows: The windows, the earliest first.
    """

    forecaster: Forecaster
    tested: DirectModel
    windows: tuple[BacktestWindow, ...]


@dataclass(frozen=True, kw_only=True)
class TrainedBundle:
    """The models of a bundle.

    Attributes:
        models: The model of each customer that has one, by name.
        customers: These customers, in the same order. The comparison numbers them.
        comparison: The forecasts of these customers on the backtest; None if no customer has a model.
        calibrator: The calibrator of all own models; None if no customer has a model.
        too_short: Names of the customers with too little history for a model of their own.
        failures: Why a customer has no model, by name.
    """

    models: dict[str, CustomerModel]
    customers: dict[str, Customer]
    comparison: Comparison | None
    calibrator: ConformalCalibrator | None
    too_short: tuple[str, ...]
    failures: dict[str, Failure]


def train_bundle(bundle: Sample, by: Sequence[str], shared: SharedModel, config: ForecastConfig) -> TrainedBundle:
    """Train and compare.

    The failure of a customer is a result. Only what the machine lacks ends the bundle.

    Args:
        bundle: The series of the bundle.
        by: The key columns that identify a customer.
        shared: The global model and the windows.
        config: Model settings.

    Raises:
        MemoryError: If memory runs out.
    """
    models: dict[str, CustomerModel] = {}
    customers, too_short, failures = dict[str, Customer](), [], dict[str, Failure]()
    for customer in customers_of(bundle, by):
        own = bundle.select(customer.series)
        try:
            model = train_customer(
                own, _windows_of(own, shared.windows), config, prior=shared.forecaster.prior_relative_change
            )
        except MemoryError:
            raise
        except Exception as error:
            failures[customer.name] = Failure.of(error)
            continue
        if model is None:
            too_short.append(customer.name)
        else:
            models[customer.name], customers[customer.name] = model, customer
    comparison, calibrator = None, None
    if models:
        rows, window = _own_rows([model.windows for model in models.values()])
        others = _global_rows(bundle, list(customers.values()), shared, config)
        comparison = Comparison.of(rows, others, window, config)
        calibrator = rows.fit_calibrator(config)
    return TrainedBundle(
        models=models,
        customers=customers,
        comparison=comparison,
        calibrator=calibrator,
        too_short=tuple(too_short),
        failures=failures,
    )


def _windows_of(sample: Sample, windows: Sequence[BacktestWindow]) -> list[BacktestWindow]:
    """Return the windows with the series of a customer that are long enough for all of them."""
    long = sample.panel.lengths > windows[0].held_out_periods
    return [replace(window, series=long) for window in windows]


def _own_rows(customers: Sequence[Sequence[WindowForecast]]) -> tuple[ObservedRows, Integers]:
    """Stack the forecasts of all customers, by customer and window. Return them with the window of each row."""
    window = [np.repeat(np.arange(len(windows)), [len(each.actual) for each in windows]) for windows in customers]
    return ObservedRows.stack([ObservedRows.of(windows) for windows in customers]), np.concatenate(window)


def _global_rows(
    bundle: Sample, customers: Sequence[Customer], shared: SharedModel, config: ForecastConfig
) -> ObservedRows:
    """Forecast the rows of `_own_rows` by the global model, in the same order."""
    number = np.full(len(bundle.panel), -1)
    for at, customer in enumerate(customers):
        number[customer.series] = at
    long = (bundle.panel.lengths > shared.windows[0].held_out_periods) & (number >= 0)
    parts = [
        forecast_window(
            bundle,
            replace(window, series=long),
            shared.tested,
            config,
            prior=shared.forecaster.prior_relative_change,
        )
        for window in shared.windows
    ]
    rows = ObservedRows.of(parts)
    return replace(rows, group=number[rows.group]).sorted_by_group()
