"""The record of a training. Every run that forecasts with the model reports it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
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
        backtest: Scores of its backtest by step and by group of series.
        sample: Sizes of the sample.
        charts: Data of the backtest's charts; None if the history is too short for a backtest.
    """

    run_id: str
    trained_at: AwareDatetime
    cutoff: str
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
            sample: The series that the model was trained on.
            tested: Its backtest; None if no series is long enough for one.
            now: End of the training.
        """
        config, frequency = request.config, demand.calendar.frequency
        ensemble_weights = tested.calibrator.ensemble_weights if tested else ()
        return cls(
            run_id=request.run_id,
            trained_at=now.replace(microsecond=0),
            cutoff=frequency.text_of(demand.last_period),
            metrics={
                **(scores(tested) if tested else NOT_MEASURED),
                "backtest_windows": tested.windows if tested else 0,
                "backtest_periods": tested.steps if tested else 0,
                "ensemble_weights": {
                    name: asdict(weights) for name, weights in zip(DEMAND_CLASSES, ensemble_weights, strict=False)
                },
                "nominal_coverage": config.quantiles[-1] - config.quantiles[0],
            },
            # Separate from the metrics, which are in the state data of Step Functions. These scores may be long.
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
        """Read a record in the format of `to_json`.

        Raises:
            BrokenDocumentError: If the text is not a valid record.
        """
        return parse_document(cls, text)

    def to_json(self) -> str:
        """Return the record as JSON."""
        return document_as_text(self)

    def age_days(self, now: datetime) -> int:
        """Return the whole days since the training.

        Args:
            now: Time with a zone.
        """
        return (now - self.trained_at).days

    @property
    def is_full_population(self) -> bool:
        """Whether the model was trained on all series."""
        return bool(sum(self.sample["series"].values()) == sum(self.sample["of_series"].values()))
