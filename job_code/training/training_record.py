"""The record of a training. Every run that forecasts with the model reports it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Self

from pydantic import AwareDatetime

from job_code.evaluation.backtest import Backtest
from job_code.evaluation.backtest_scores import NOT_MEASURED, scores, scores_by_group, scores_by_step
from job_code.evaluation.chart_data import BacktestChartData
from job_code.preparation.prepare import PreparedDemand
from job_code.preparation.training_sample import Sample
from job_code.run_request import RunRequest
from job_code.runtime.documents import document_as_text, parse_document
from job_code.series.demand_classes import DEMAND_CLASSES


@dataclass(frozen=True, kw_only=True)
class TrainingRecord:
    """The training of one model, as JSON.

    Attributes:
        run_id: The run that trained it.
        trained_at: Time of the training, with its zone.
        cutoff: Date of the last period of the training data.
        metrics: Scores of its backtest.
        backtest: Its scores by step and by group of series.
        sample: Sizes of the sample.
        charts: Data of the backtest's charts; None where the history was too short for one.
    """

    run_id: str
    trained_at: AwareDatetime
    cutoff: date
    metrics: Mapping[str, Any]
    backtest: Mapping[str, Any]
    sample: Mapping[str, Any]
    charts: BacktestChartData | None

    @classmethod
    def of(
        cls,
        request: RunRequest,
        demand: PreparedDemand,
        sample: Sample,
        tested: Backtest | None,
        *,
        now: datetime,
    ) -> Self:
        """Record a training that has just ended.

        Args:
            request: The run.
            demand: All series of the run.
            sample: The series it was trained on.
            tested: Its backtest; None where no series was long enough for one.
            now: Time of its end.
        """
        config, frequency = request.config, demand.calendar.frequency
        ensemble_weights = tested.calibrator.ensemble_weights if tested else ()
        return cls(
            run_id=request.run_id,
            trained_at=now.replace(microsecond=0),
            cutoff=frequency.date_of(demand.last_period),
            metrics={
                **(scores(tested) if tested else NOT_MEASURED),
                "backtest_windows": tested.windows if tested else 0,
                "backtest_periods": tested.steps if tested else 0,
                "ensemble_weights": {
                    kind: asdict(weights) for kind, weights in zip(DEMAND_CLASSES, ensemble_weights, strict=False)
                },
                "nominal_coverage": config.quantiles[-1] - config.quantiles[0],
            },
            # Apart from the metrics, which travel with the run through every state: these may be long.
            backtest={
                "by_step": scores_by_step(tested) if tested else [],
                "by_group": scores_by_group(tested, sample, demand.encoding) if tested else [],
            },
            sample={
                "rows": sample.rows,
                "series": sample.sampled,
                "of_series": sample.series,
                "model_wape": tested.learning_curve[0] if tested and tested.learning_curve else None,
                "model_wape_with_half": tested.learning_curve[1] if tested and tested.learning_curve else None,
            },
            charts=BacktestChartData.of(tested, frequency) if tested else None,
        )

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote.

        Raises:
            BrokenDocumentError: If it is no such thing.
        """
        return parse_document(cls, text)

    def to_json(self) -> str:
        """Give the record as text."""
        return document_as_text(self)

    def age_days(self, now: datetime) -> int:
        """Whole days since the training.

        Args:
            now: With its zone.
        """
        return (now - self.trained_at).days

    @property
    def is_full_population(self) -> bool:
        """Whether the model was trained on all series."""
        return bool(sum(self.sample["series"].values()) == sum(self.sample["of_series"].values()))
