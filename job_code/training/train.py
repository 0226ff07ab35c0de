"""Where a run's model comes from: it is trained on a sample of the demand, or it is the one an earlier run trained."""

from datetime import UTC, datetime

from job_code.config import ForecastConfig
from job_code.demand.run_context import RunContext
from job_code.errors import InputError
from job_code.evaluation.backtest import Backtest, BacktestPlan, backtest
from job_code.evaluation.chart_data import ChartData
from job_code.forecasting.forecaster import Forecaster
from job_code.model.fitting import ModelFit, fit_models
from job_code.preparation.prepare import PreparedDemand
from job_code.preparation.training_sample import Sample
from job_code.runtime.progress import Progress
from job_code.tables.validation_report import plural
from job_code.training.assemble import assemble_forecaster
from job_code.training.example_series import example_series
from job_code.training.trained_model import TrainedModel
from job_code.training.training_record import TrainingRecord

ROWS_TO_PICK_FROM = 20_000  # of series to be shown, where nothing is learnt


def train(demand: PreparedDemand, context: RunContext) -> tuple[TrainedModel, ChartData]:
    """Sample, test and fit.

    Args:
        demand: All series.
        context: The run; the model's files go below its scratch folder.

    Returns:
        The model, and the numbers that the report draws.
    """
    config, progress = context.config, context.progress
    sample = _draw(demand, config, progress)
    tested, forecaster = _fit(sample, demand, context)
    with progress.stage("record"):
        record = TrainingRecord.of(context.request, demand, sample, tested, now=datetime.now(UTC))
        model = TrainedModel.save(forecaster, record, context.scratch / "model")
        return model, _charts(model, demand, sample, tested)


def take_over(model: TrainedModel, demand: PreparedDemand, progress: Progress) -> ChartData:
    """Makes sure that an earlier run's model has not seen what it is to forecast.

    Args:
        model: The model.
        demand: All series.
        progress: Told how far it is.

    Returns:
        The numbers that the report draws.

    Raises:
        InputError: If it was trained on later demand than this.
    """
    cutoff = demand.calendar.frequency.date_of(demand.last_period)
    record = model.record
    if record.cutoff > cutoff:
        raise InputError(
            [
                f"model: run {record.run_id} trained it on demand until {record.cutoff}, after the cutoff {cutoff}; "
                "train anew for this cutoff, or ask for a later one"
            ]
        )
    progress.say(f"the model is that of run {record.run_id}, trained {model.age_days} days ago")
    with progress.stage("sample"):
        sample = Sample.draw(demand, ROWS_TO_PICK_FROM)
        return _charts(model, demand, sample, None)


def _charts(model: TrainedModel, demand: PreparedDemand, sample: Sample, tested: Backtest | None) -> ChartData:
    return ChartData(
        backtest=model.record.charts,
        series=example_series(sample, tested, model.forecaster),
        recent=tuple(demand.recent.tolist()),
        everything=model.record.of_everything,
    )


def _draw(demand: PreparedDemand, config: ForecastConfig, progress: Progress) -> Sample:
    with progress.stage("sample"):
        sample = Sample.draw(demand, config.sample_rows)
    if not sample.is_everything:
        progress.say(f"learning from {plural(len(sample.panel), 'series')}, {plural(sample.rows, 'row')}")
    return sample


def _fit(sample: Sample, demand: PreparedDemand, context: RunContext) -> tuple[Backtest | None, Forecaster]:
    """Fit the run's own model and those of the backtest side by side, then forecast what the backtest holds out."""
    config, progress = context.config, context.progress
    plan = BacktestPlan.of(sample, config)
    own = ModelFit.of(sample.panel, sample.exogenous, sample.active, horizon=config.horizon)
    fits = [own, *(plan.fits if plan else ())]
    with progress.stage("fit") as advance:
        model, *others = fit_models(fits, config, context.workers, context.scratch / "fits", advance)
    with progress.stage("backtest"):
        tested = backtest(plan, others, config) if plan else None
    return tested, assemble_forecaster(model, tested, sample, demand, config)
