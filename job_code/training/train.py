"""Train the model of a run on a sample of the demand, or reuse the model of an earlier run."""

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
from job_code.training.example_series import series_of_report
from job_code.training.trained_model import TrainedModel
from job_code.training.training_record import TrainingRecord

ROWS_FOR_EXAMPLES = 20_000  # size of the sample for example series when the run trains no model


def train(demand: PreparedDemand, context: RunContext) -> tuple[TrainedModel, ChartData]:
    """Draw the sample, train, and backtest.

    Args:
        demand: All series.
        context: The run; the model's files go below its scratch folder.

    Returns:
        The model, and the data of the report's charts.
    """
    config, progress = context.config, context.progress
    sample = _draw(demand, config, progress)
    tested, forecaster = _fit(sample, demand, context)
    with progress.stage("record"):
        record = TrainingRecord.of(context.request, demand, sample, tested, now=datetime.now(UTC))
        model = TrainedModel.save(forecaster, record, context.scratch / "model")
        return model, _charts(model, demand, sample, tested)


def reuse_model(model: TrainedModel, demand: PreparedDemand, progress: Progress) -> ChartData:
    """Check that an earlier run's model has not seen the periods to forecast.

    Args:
        model: The model.
        demand: All series.
        progress: Progress of the run.

    Returns:
        The data of the report's charts.

    Raises:
        InputError: If the model was trained on demand after the cutoff.
    """
    cutoff = demand.calendar.frequency.text_of(demand.last_period)
    record = model.record
    if record.cutoff > cutoff:
        raise InputError(
            [
                f"model: run {record.run_id} trained it on demand until {record.cutoff}, after "
                f"the cutoff {cutoff}; train a model for this cutoff, or use a later cutoff"
            ]
        )
    progress.log(f"using the model of run {record.run_id}, trained {plural(model.age_days, 'day')} ago")
    with progress.stage("sample"):
        sample = Sample.draw(demand, ROWS_FOR_EXAMPLES)
        return _charts(model, demand, sample, None)


def _charts(model: TrainedModel, demand: PreparedDemand, sample: Sample, tested: Backtest | None) -> ChartData:
    return ChartData(
        backtest=model.record.charts,
        series=series_of_report(sample, tested, model.forecaster),
        recent=tuple(demand.recent.tolist()),
        is_full_population=model.record.is_full_population,
    )


def _draw(demand: PreparedDemand, config: ForecastConfig, progress: Progress) -> Sample:
    with progress.stage("sample"):
        sample = Sample.draw(demand, config.sample_rows)
    if not sample.is_full_population:
        progress.log(f"training on {plural(len(sample.panel), 'series')}, {plural(sample.rows, 'row')}")
    return sample


def _fit(sample: Sample, demand: PreparedDemand, context: RunContext) -> tuple[Backtest | None, Forecaster]:
    """Train the models of the run and of the backtest concurrently, then run the backtest."""
    config, progress = context.config, context.progress
    plan = BacktestPlan.of(sample, config)
    own = ModelFit.of(sample.panel, sample.exogenous, sample.active, horizon=config.horizon)
    fits = [own, *(plan.fits if plan else ())]
    with progress.stage("fit") as advance:
        model, *others = fit_models(fits, config, context.workers, context.scratch / "fits", advance)
    with progress.stage("backtest"):
        tested = backtest(plan, others, config) if plan else None
    return tested, assemble_forecaster(model, tested, sample, demand, config)
