"""Fits models side by side: a process fits one segment of one model, and no two processes wait for each other.

LightGBM's own threads meet several times a leaf. Where another program wants a core, each meeting waits for it, and a
fit takes ten times as long. So the independent fits are spread over processes of one thread each. Only where there
are more cores than fits does a fit get more threads. Neither changes a tree.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np

from job_code.config import ForecastConfig
from job_code.exogenous.exogenous_features import Exogenous
from job_code.features.feature_recipe import recipe_for
from job_code.features.lag_features import training_origins
from job_code.features.training_rows import TrainingRows, draw_rows, most_rows
from job_code.model.direct_model import DirectModel
from job_code.model.segment_model import Learnt, Regime, learn
from job_code.runtime.process_pool import Workers, on_every_core
from job_code.runtime.progress import Advance
from job_code.series.arrays import Booleans
from job_code.series.panel import Panel

# Training rows times trees. LightGBM takes 0.1 µs for one; the start of a process takes it nearly two seconds.
WORTH_PROCESSES = 40_000_000


@dataclass(frozen=True, kw_only=True)
class ModelFit:
    """A model to fit.

    Attributes:
        panel: The series to learn from.
        exogenous: What is known of them beside their demand.
        horizon: Most periods ahead that the model will forecast.
        share: Share of the usual number of training rows.
    """

    panel: Panel
    exogenous: Exogenous
    horizon: int
    share: float = 1.0

    @classmethod
    def of(cls, panel: Panel, exogenous: Exogenous, active: Booleans, *, horizon: int, share: float = 1.0) -> Self:
        """Leave out the series that no longer sell: they teach nothing.

        Args:
            panel: The series.
            exogenous: What is known of them beside their demand.
            active: Whether each still sells, shape (series,).
            horizon: Most periods ahead that the model will forecast.
            share: Share of the usual number of training rows.
        """
        return cls(panel=panel.select(active), exogenous=exogenous.select(active), horizon=horizon, share=share)


@dataclass(frozen=True, kw_only=True)
class _Task:
    fit: ModelFit
    regime: Regime
    config: ForecastConfig
    threads: int
    rounds: Path  # gets a byte for each boosting round
    show: Callable[[], None] | None  # after each round, where no process waits for this one


def fit_models(
    fits: Sequence[ModelFit],
    config: ForecastConfig,
    workers: Workers,
    folder: Path,
    advance: Advance = lambda _: None,
) -> list[DirectModel]:
    """Fit models, each as if it were the only one.

    Args:
        fits: The models, the largest first: it takes longest.
        config: Model settings.
        workers: The processes to spread the fits over; small fits start none.
        folder: Where the processes note how far they are.
        advance: Called with the share that is done.

    Returns:
        The models in the order of `fits`.

    Raises:
        WorkerDiedError: If a process was killed, as the system does where memory runs out.
    """
    folder.mkdir(exist_ok=True)
    work = config.trees * sum(most_rows(fit.panel, fit.horizon, share=fit.share) for fit in fits)
    if not workers.started and work < WORTH_PROCESSES:
        workers = Workers(1)
    count = len(fits) * len(Regime)

    def show() -> None:
        done = sum(file.stat().st_size for file in folder.glob("rounds-*"))
        advance(done / (count * config.trees))

    tasks = [
        _Task(
            fit=fit,
            regime=regime,
            config=config,
            threads=threads_of_a_fit(workers.count, count),
            rounds=folder / f"rounds-{number}-{regime.name.lower()}",
            show=show if workers.count == 1 else None,
        )
        for number, fit in enumerate(fits)
        for regime in Regime
    ]

    learnt = []
    for each in workers.map(_fit_segment, tasks, while_waiting=show):
        learnt.append(each)
        show()
    each_model = zip(*[iter(learnt)] * len(Regime), strict=True)
    return [DirectModel.of(fit.panel.frequency, fit.horizon, own) for fit, own in zip(fits, each_model, strict=True)]


def threads_of_a_fit(cores: int, fits: int) -> int:
    """Return the threads of each fit: one, or more where there are more cores than fits.

    Args:
        cores: Cores of the machine.
        fits: Fits side by side.
    """
    return max(1, cores // fits)


def _fit_segment(task: _Task) -> Learnt:
    with task.rounds.open("wb", buffering=0) as rounds, on_every_core(task.threads):

        def on_round() -> None:
            rounds.write(b".")
            if task.show is not None:
                task.show()

        learnt = learn_segment(task.fit, task.regime, task.config, threads=task.threads, on_round=on_round)
        rounds.truncate(task.config.trees)  # a segment without enough rows has no rounds, and is done, too
        return learnt


def learn_segment(
    fit: ModelFit, regime: Regime, config: ForecastConfig, *, threads: int = 1, on_round: Callable[[], object]
) -> Learnt:
    """Learn one segment of a model.

    Args:
        fit: The model.
        regime: The segment.
        config: Model settings.
        threads: Threads of LightGBM.
        on_round: Called after every boosting round.
    """
    drawn = draw_rows(fit.panel, fit.horizon, config.seed, share=fit.share)
    drawn = drawn.where(Regime.of(drawn.zero_share, drawn.age, fit.panel.frequency) == regime)
    panel, exogenous, drawn = _with_rows(fit.panel, fit.exogenous, drawn)
    if not len(drawn):
        return Learnt(regime)
    origins = training_origins(panel, exogenous, drawn, recipe=recipe_for(panel.frequency))
    return learn(regime, origins, drawn, config, threads=threads, on_round=on_round)


def _with_rows(panel: Panel, exogenous: Exogenous, drawn: TrainingRows) -> tuple[Panel, Exogenous, TrainingRows]:
    """Keep the series that have training rows: the features of the others are not needed."""
    taught = np.bincount(drawn.series, minlength=len(panel)) > 0
    kept = panel.select(taught)
    series = (np.cumsum(taught) - 1)[drawn.series]
    at = drawn.at - panel.starts[drawn.series] + kept.starts[series]
    return kept, exogenous.select(taught), replace(drawn, series=series, at=at)
