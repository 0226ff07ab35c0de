"""How a model was made and how good it was then: what every run that forecasts with it says about it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Self

from pydantic import AwareDatetime

from job_code.evaluation.backtest import Backtest
from job_code.evaluation.backtest_scores import NOT_MEASURED, scores, scores_by_segment, scores_by_step
from job_code.evaluation.chart_data import BacktestChartData
from job_code.preparation.prepare import PreparedDemand
from job_code.preparation.training_sample import Sample
from job_code.run_request import RunRequest
from job_code.runtime.documents import document_as_text, parse_document
from job_code.series.demand_classes import KINDS


@dataclass(frozen=True, kw_only=True)
class TrainingRecord:
    """The training of one model; all of it is JSON.

    Attributes:
        run_id: The run that trained it.
        trained_at: When, with its zone.
        cutoff: Date of the last period it has seen.
        metrics: Scores of its backtest.
        backtest: The same by step and by segment.
        sample: What it learnt from.
        charts: The numbers of the backtest's charts; None where the history was too short for one.
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
            request: What was to be run.
            demand: All its series.
            sample: The series it learnt from.
            tested: Its backtest; None where no series was long enough for one.
            now: When it ended.
        """
        config, frequency = request.config, demand.calendar.frequency
        combinations = tested.calibration.combinations if tested else ()
        return cls(
            run_id=request.run_id,
            trained_at=now.replace(microsecond=0),
            cutoff=frequency.date_of(demand.last_period),
            metrics={
                **(scores(tested) if tested else NOT_MEASURED),
                "backtest_origins": tested.origins if tested else 0,
                "backtest_periods": tested.steps if tested else 0,
                "combination": {
                    kind: asdict(combination) for kind, combination in zip(KINDS, combinations, strict=False)
                },
                "nominal_coverage": config.quantiles[-1] - config.quantiles[0],
            },
            # Apart from the metrics, which travel with the run through every state: these may be long.
            backtest={
                "by_step": scores_by_step(tested) if tested else [],
                "by_segment": scores_by_segment(tested, sample, demand.encoding) if tested else [],
            },
            sample={
                "rows": sample.rows,
                "series": sample.sampled,
                "of_series": sample.series,
                "model_wape": tested.halved[0] if tested and tested.halved else None,
                "model_wape_with_half": tested.halved[1] if tested and tested.halved else None,
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
    def of_everything(self) -> bool:
        """Whether it learnt from all series there were."""
        return bool(sum(self.sample["series"].values()) == sum(self.sample["of_series"].values()))
