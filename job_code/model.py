"""The global model: LightGBM over MLForecast's features, forecasting every step of the horizon directly.

A row is one series at one origin, and a step ahead of it; demand is relative to the series' size there, so that very
different series look alike. One set of trees serves all steps and all series of a regime.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from mlforecast import MLForecast

from job_code.config import ForecastConfig
from job_code.error_distribution import zero_share
from job_code.exogenous import Exogenous
from job_code.features import features_for
from job_code.origins import last_origins, make_recipe, size, training_origins
from job_code.panel import Booleans, Floats, Integers, Panel
from job_code.regimes import Learnt, Regime, Resources, learn
from job_code.training_rows import draw_rows
from job_code.tree_predictor import BLOCK

SERIES_AT_A_TIME = BLOCK  # what is forecast together stays in the processor's cache


@dataclass(frozen=True)
class DirectModel:
    """LightGBM models for all series and steps; they can travel to other processes.

    Attributes:
        memory: Periods of a series that are looked at, at most.
        learnt: What was learnt of each regime.
    """

    memory: int
    learnt: tuple[Learnt, ...]
    _recipe: MLForecast

    @classmethod
    def fit(
        cls,
        panel: Panel,
        exogenous: Exogenous,
        active: Booleans,
        config: ForecastConfig,
        resources: Resources,
        *,
        horizon: int,
    ) -> Self:
        """Learns from a panel.

        Args:
            panel: Series to learn from.
            exogenous: What is known of them beside their demand.
            active: Whether each still sells; the others teach nothing.
            config: Model settings.
            resources: Threads and progress.
            horizon: Periods ahead that will be asked for.
        """
        panel, exogenous = panel.select(active), exogenous.select(active)
        memory = features_for(panel.frequency).memory(horizon)
        recipe = make_recipe(panel.frequency, threads=1)
        drawn = draw_rows(panel, horizon, config.seed)
        if not len(drawn):
            for _ in range(len(Regime) * config.trees):
                resources.on_round()
            return cls(memory, tuple(map(Learnt, Regime)), recipe)
        origins = training_origins(panel, exogenous, drawn, threads=resources.threads)
        regimes = Regime.of(drawn.zero_share, drawn.age, panel.frequency)
        learnt = [
            learn(
                regime,
                origins.where(regimes == regime),
                drawn.where(regimes == regime),
                config,
                resources,
            )
            for regime in Regime
        ]
        return cls(memory, tuple(learnt), recipe)

    def predict(self, panel: Panel, exogenous: Exogenous, active: Booleans, horizon: int) -> Floats:
        """Forecasts series over the periods after their last one.

        Args:
            panel: The series; of each the last `memory` periods suffice.
            exogenous: What is known of them.
            active: Whether each still sells.
            horizon: Number of periods, no more than was learnt for.

        Returns:
            Expected demand of sparse series and the median of regular ones, shape (series, horizon); exactly 0 for a
            series that has stopped selling.
        """
        forecast = np.zeros((len(panel), horizon))
        selling = np.flatnonzero(active)
        for begin in range(0, len(selling), SERIES_AT_A_TIME):
            chosen = np.zeros(len(panel), dtype=bool)
            chosen[selling[begin : begin + SERIES_AT_A_TIME]] = True
            forecast[chosen] = self._predict_active(panel.select(chosen), exogenous.select(chosen), horizon)
        return forecast

    def mean(self, forecast: Floats, panel: Panel) -> Floats:
        """Expected demand, of what `predict` gave."""
        skew = np.array([learnt.skew for learnt in self.learnt])
        expected: Floats = forecast * skew[_regime(panel)][:, None]
        return expected

    def _predict_active(self, panel: Panel, exogenous: Exogenous, horizon: int) -> Floats:
        panel = panel.recent(self.memory)
        origins = last_origins(panel, exogenous, self._recipe)
        regimes, forecast = _regime(panel), np.empty((len(panel), horizon))
        for learnt in self.learnt:
            series = np.flatnonzero(regimes == learnt.regime)
            steps_at_a_time = max(1, BLOCK // max(1, len(series)))
            for begin in range(0, horizon if len(series) else 0, steps_at_a_time):
                steps = np.arange(begin, min(begin + steps_at_a_time, horizon))
                index, step = np.tile(series, len(steps)), np.repeat(steps + 1, len(series))
                predicted = learnt.predict(origins, index, step)
                forecast[series[None, :], steps[:, None]] = predicted.reshape(len(steps), -1)
        return size(panel)[:, None] * forecast


def _regime(panel: Panel) -> Integers:
    return Regime.of(zero_share(panel), panel.lengths, panel.frequency)
