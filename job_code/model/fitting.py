"""Train models concurrently. Each process trains one segment of one model.

LightGBM's own threads wait for each other several times per leaf. When another program uses a core, every such wait
takes long, and training takes ten times as long. So the independent fits run in processes of one thread each. A fit
gets more threads only when there are more cores than fits. Neither changes a tree.
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
from job_code.features.training_rows import TrainingRows, draw_rows, max_rows
from job_code.model.direct_model import DirectModel
from job_code.model.segment_model import DemandSegment, SegmentModel, average_segments, fit_segment
from job_code.model.tree_size import tree_size
from job_code.runtime.process_pool import ProcessPool, on_every_core
from job_code.runtime.progress import Advance
from job_code.series.arrays import Booleans
from job_code.series.panel import Panel

# Training rows times trees. LightGBM needs 0.1 µs for each; a process needs nearly two seconds to start.
WORTH_PROCESSES = 40_000_000
SEEDS_APART = 1_000_003  # of models that are averaged; so the next seed of the configuration is another one


@dataclass(frozen=True, kw_only=True)
class ModelFit:
    """A model to train.

    Attributes:
        panel: The series to train on.
        exogenous: Their static features and covariates.
        horizon: Longest step that the model will forecast.
        share: Share of the usual number of training rows.
    """

    panel: Panel
    exogenous: Exogenous
    horizon: int
    share: float = 1.0

    @classmethod
    def of(cls, panel: Panel, exogenous: Exogenous, active: Booleans, *, horizon: int, share: float = 1.0) -> Self:
        """Drop the series that no longer sell: they have nothing to train on.

        Args:
            panel: The series.
            exogenous: Their static features and covariates.
            active: Whether each series still sells, shape (series,).
            horizon: Longest step that the model will forecast.
            share: Share of the usual number of training rows.
        """
        return cls(panel=panel.select(active), exogenous=exogenous.select(active), horizon=horizon, share=share)


@dataclass(frozen=True, kw_only=True)
class _Task:
    fit: ModelFit
    segment: DemandSegment
    config: ForecastConfig
    threads: int
    rounds: Path  # gets a byte for each boosting round
    total_rounds: int
    show: Callable[[], None] | None  # called after each round, if this process does all the work


def fit_models(
    fits: Sequence[ModelFit],
    config: ForecastConfig,
    workers: ProcessPool,
    folder: Path,
    advance: Advance = lambda _: None,
) -> list[DirectModel]:
    """Train models. Each result is the same as if it were the only one.

    Args:
        fits: The models, the largest first, because it takes longest.
        config: Model settings.
        workers: The processes to spread the work over; small fits start none.
        folder: Folder for the processes' progress files.
        advance: Called with the share that is done, 0 to 1.

    Returns:
        The models in the order of `fits`.

    Raises:
        WorkerDiedError: If a process was killed, for example because memory ran out.
    """
    folder.mkdir(exist_ok=True)
    size = tree_size(config, fits[0].panel.frequency.calendar)
    total_rounds = size.n_estimators * size.models
    work = total_rounds * sum(max_rows(fit.panel, fit.horizon, share=fit.share) for fit in fits)
    if not workers.started and work < WORTH_PROCESSES:
        workers = ProcessPool(1)
    count = len(fits) * len(DemandSegment)

    def show() -> None:
        done = sum(file.stat().st_size for file in folder.glob("rounds-*"))
        advance(done / (count * total_rounds))

    tasks = [
        _Task(
            fit=fit,
            segment=segment,
            config=config,
            threads=threads_of_a_fit(workers.count, count),
            rounds=folder / f"rounds-{number}-{segment.label}",
            total_rounds=total_rounds,
            show=show if workers.count == 1 else None,
        )
        for number, fit in enumerate(fits)
        for segment in DemandSegment
    ]

    models = []
    for model in workers.map(_fit_task, tasks, while_waiting=show):
        models.append(model)
        show()
    by_fit = zip(*[iter(models)] * len(DemandSegment), strict=True)
    return [DirectModel.of(fit.panel.frequency, fit.horizon, own) for fit, own in zip(fits, by_fit, strict=True)]


def threads_of_a_fit(cores: int, fits: int) -> int:
    """Return the threads of each fit: one, or more when there are more cores than fits.

    Args:
        cores: Number of cores.
        fits: Number of concurrent fits.
    """
    return max(1, cores // fits)


def _fit_task(task: _Task) -> SegmentModel:
    with task.rounds.open("wb", buffering=0) as rounds, on_every_core(task.threads):

        def on_round() -> None:
            rounds.write(b".")
            if task.show is not None:
                task.show()

        model = train_segment(task.fit, task.segment, task.config, threads=task.threads, on_round=on_round)
        rounds.truncate(task.total_rounds)  # a segment with too few rows has no rounds, but counts as done
        return model


def train_segment(
    fit: ModelFit,
    segment: DemandSegment,
    config: ForecastConfig,
    *,
    threads: int = 1,
    on_round: Callable[[], object],
) -> SegmentModel:
    """Draw the training rows of one segment and train its model, or the models that are averaged.

    Args:
        fit: The model.
        segment: The segment.
        config: Model settings.
        threads: Number of threads for LightGBM.
        on_round: Called after every boosting round.
    """
    models = tree_size(config, fit.panel.frequency.calendar).models
    seeds = [config.seed + number * SEEDS_APART for number in range(models)]
    trained = [
        _train_one(fit, segment, config.model_copy(update={"seed": seed}), threads=threads, on_round=on_round)
        for seed in seeds
    ]
    return average_segments(trained)


def _train_one(
    fit: ModelFit, segment: DemandSegment, config: ForecastConfig, *, threads: int, on_round: Callable[[], object]
) -> SegmentModel:
    drawn = draw_rows(fit.panel, fit.horizon, config.seed, share=fit.share)
    drawn = drawn.where(DemandSegment.of(drawn.zero_share, drawn.age, fit.panel.frequency) == segment)
    panel, exogenous, drawn = _with_rows(fit.panel, fit.exogenous, drawn)
    if not len(drawn):
        return SegmentModel(segment)
    origins = training_origins(panel, exogenous, drawn, recipe=recipe_for(panel.frequency))
    return fit_segment(segment, origins, drawn, config, threads=threads, on_round=on_round)


def _with_rows(panel: Panel, exogenous: Exogenous, drawn: TrainingRows) -> tuple[Panel, Exogenous, TrainingRows]:
    """Keep the series that have training rows. The features of the others are not needed."""
    used = np.bincount(drawn.series, minlength=len(panel)) > 0
    kept = panel.select(used)
    series = (np.cumsum(used) - 1)[drawn.series]
    origin = drawn.origin - panel.starts[drawn.series] + kept.starts[series]
    return kept, exogenous.select(used), replace(drawn, series=series, origin=origin)
