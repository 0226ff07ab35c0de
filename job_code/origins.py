"""What MLForecast tells of series where forecasts start: in the past, to learn from, and at their ends."""

import warnings
from typing import Self

import numpy as np
import polars as pl
from mlforecast import MLForecast

from job_code.exogenous import Exogenous
from job_code.feature_rows import Columns, Origins
from job_code.features import features_for
from job_code.frequency import Frequency
from job_code.panel import Floats, Panel
from job_code.training_rows import TrainingRows


def size(panel: Panel) -> Floats:
    """Mean absolute demand of each series over its last year, over all its periods where that is 0, else 1."""
    magnitude = np.abs(panel.values)
    recent = panel.mean_of_last(magnitude, panel.frequency.per_year)
    overall = panel.mean_of_last(magnitude, len(magnitude))
    return np.where(recent > 0, recent, np.where(overall > 0, overall, 1.0))


def training_origins(panel: Panel, exogenous: Exogenous, drawn: TrainingRows, *, threads: int) -> Origins:
    """The origins of the training rows.

    Args:
        panel: The series that teach.
        exogenous: What is known of them beside their demand.
        drawn: The rows.
        threads: Threads of MLForecast.
    """
    sizes = size(panel)
    scaled = panel.values / np.repeat(sizes, panel.lengths)
    recipe = make_recipe(panel.frequency, threads=threads)
    past = recipe.preprocess(_frame(panel, scaled), static_features=[], dropna=False)
    assert isinstance(past, pl.DataFrame)
    names = tuple(recipe.ts.features_order_)
    # MLForecast puts what is known at the end of a period in the row of the next one.
    columns = np.array([past[name].to_numpy()[drawn.at + 1] for name in names], dtype=np.float32)
    return Origins(
        features_for(panel.frequency),
        panel.frequency,
        scaled,
        panel.starts[drawn.series],
        drawn.at,
        panel.period_of_value[drawn.at],
        drawn.size / sizes[drawn.series],
        columns,
        names,
        exogenous,
        drawn.series,
    )


def last_origins(panel: Panel, exogenous: Exogenous, recipe: MLForecast) -> Origins:
    """The last period of every series.

    Args:
        panel: The series.
        exogenous: What is known of them beside their demand.
        recipe: What `make_recipe` gave.
    """
    scaled = panel.values / np.repeat(size(panel), panel.lengths)
    seen: list[Columns] = []

    def remember(rows: Columns) -> Columns:
        seen.append(rows)
        return rows

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Found null values")  # LightGBM takes nulls as they are
        recipe.predict(1, new_df=_frame(panel, scaled), before_predict_callback=remember)
    features, names = features_for(panel.frequency), tuple(recipe.ts.features_order_)
    past = np.ascontiguousarray(seen[0].T, dtype=np.float32)
    # Of a single value MLForecast tells no mean while forecasting, though it does while learning.
    single = panel.lengths == 1
    for name in features.means:
        past[names.index(name), single] = past[names.index("lag1"), single]
    return Origins(
        features,
        panel.frequency,
        scaled,
        panel.starts,
        panel.starts + panel.lengths - 1,
        panel.last_period,
        np.ones(len(panel)),
        past,
        names,
        exogenous,
        np.arange(len(panel)),
    )


def make_recipe(frequency: Frequency, *, threads: int) -> MLForecast:
    """MLForecast with the features of a frequency, ready to tell those of any series."""
    features = features_for(frequency)
    recipe = MLForecast(
        models={"nothing": _NothingLearnt()},
        freq=1,
        lags=list(features.lags),
        lag_transforms=features.lag_transforms(),
        num_threads=threads,
    )
    one = pl.DataFrame({"unique_id": [0, 0], "ds": [0, 1], "y": [0.0, 0.0]})
    recipe.fit(one, static_features=[], dropna=False, as_numpy=True)  # it forecasts only what it has fitted
    return recipe


class _NothingLearnt:
    """Stands in MLForecast for a model: what is wanted of it are the features."""

    def fit(self, *_: object) -> Self:
        return self

    def predict(self, features: Columns) -> Floats:
        return np.zeros(len(features))

    def __sklearn_clone__(self) -> Self:
        return self


def _frame(panel: Panel, values: Floats) -> pl.DataFrame:
    # In 64 bits: MLForecast adds up rolling means value by value, and what a huge one leaves behind would stay in them.
    return pl.DataFrame({"unique_id": panel.series_of_value, "ds": panel.period_of_value, "y": values})
