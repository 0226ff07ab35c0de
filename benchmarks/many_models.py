"""Train a model for each of many customers: `python -m benchmarks.many_models`.

Each customer has a meter with readings at random times. Level, season, weekdays, drift and noise differ. The benchmark
prints the time of training, and the loss of own models, of the global model and of the mean of both. It measures them
on the backtest that decides, and on later periods that no model and no decision has seen.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.speed.tables.markdown_table import markdown_table
from job_code.config import ForecastConfig
from job_code.demand.run_context import RunContext
from job_code.demand.work_sizes import WorkSizes
from job_code.evaluation.backtest import BacktestPlan, backtest
from job_code.many_models.forecast_bundle import forecast_bundle
from job_code.many_models.model_choice import KINDS
from job_code.many_models.train_bundle import SharedModel
from job_code.many_models.train_customers import split_into_bundles, train_customers
from job_code.model.fitting import ModelFit, fit_models
from job_code.preparation.read_input import read_input
from job_code.preparation.training_sample import Sample
from job_code.run_request import RunRequest
from job_code.runtime.output_store import LocalOutput
from job_code.runtime.process_pool import ProcessPool, available_cores
from job_code.runtime.progress import Progress
from job_code.series.arrays import Floats
from job_code.training.assemble import assemble_forecaster

BY, TIME, TARGET = "customer_id", "timestamp", "consumption"
LAST = date(2026, 11, 16)
CUSTOMERS, DAYS, HORIZON, READINGS = 1_000, 1_096, 7, 2
OWN_TREES = 100
MAX_LOSS = 1.01  # of the chosen models, relative to the best kind, on the later periods


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Returns:
        0 if the chosen models are within 1 % of the best kind on the later periods, 1 otherwise.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.many_models", description=__doc__)
    parser.add_argument("--customers", type=int, default=CUSTOMERS, metavar="N", help="default: %(default)s")
    parser.add_argument("--days", type=int, default=DAYS, metavar="N", help="days of history; default: %(default)s")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the readings; default: %(default)s")
    options = parser.parse_args(arguments)
    usage = consumption(options.customers, options.days + HORIZON, np.random.default_rng(options.seed))
    with tempfile.TemporaryDirectory() as folder, ProcessPool(available_cores()) as workers:
        place = Path(folder)
        readings(usage[:, : options.days], options.seed).write_parquet(place / "readings.parquet")
        return _measure(place, usage[:, options.days :], workers)


def consumption(customers: int, days: int, rng: np.random.Generator) -> Floats:
    """Return the daily consumption of each customer, shape (customers, days)."""
    day = np.arange(days)
    found = []
    for _ in range(customers):
        year = rng.uniform(0.05, 0.5) * np.cos(2 * np.pi * (day - rng.normal(15, 20)) / 365.25)
        week = rng.normal(0, rng.uniform(0.02, 0.3), 7)[day % 7]
        drift = np.cumsum(rng.normal(0, rng.uniform(0.001, 0.006), days))
        shock, memory = rng.normal(0, rng.uniform(0.03, 0.2), days), rng.uniform(0, 0.8)
        noise = np.zeros(days)
        for at in range(1, days):
            noise[at] = memory * noise[at - 1] + shock[at]
        found.append(np.exp(rng.normal(3, 1) + year + week + drift + noise))
    return np.array(found)


def readings(usage: Floats, seed: int) -> pl.DataFrame:
    """Split the consumption of each day over readings at random times."""
    rng = np.random.default_rng(seed)
    customers, days = usage.shape
    share = rng.dirichlet(np.ones(READINGS), (customers, days))
    minute = rng.integers(0, 1440, (customers, days, READINGS)) + 1440 * np.arange(days)[:, None]
    begin = LAST - timedelta(days=days - 1)
    return pl.DataFrame(
        {
            BY: np.repeat([f"C{number:05d}" for number in range(customers)], days * READINGS),
            TIME: np.datetime64(begin, "us") + minute.ravel().astype("timedelta64[m]"),
            TARGET: (usage[:, :, None] * share).ravel(),
        }
    )


def _measure(place: Path, later: Floats, workers: ProcessPool) -> int:
    names = {"key": [BY], "time": TIME, "target": TARGET}
    config = ForecastConfig.from_mapping(
        {**names, "frequency": "D", "aggregate": "sum", "horizon": HORIZON}, source="benchmark"
    )
    own_config = config.model_copy(update={"n_estimators": OWN_TREES})
    sample, shared = _global_model(place, config, workers)
    begin = time.monotonic()
    trained = list(train_customers(sample, [BY], shared, own_config, workers))
    seconds = time.monotonic() - begin
    bundles = split_into_bundles(sample, [BY], workers=workers.count)
    models = sum(len(bundle.models) for bundle in trained)
    print(f"{models:,} models in {seconds:.0f} s: {seconds * workers.count / models:.2f} core-seconds each")
    tested, held_out, taken = [], [], np.zeros(len(KINDS), np.int64)
    for series, bundle in zip(bundles, trained, strict=True):
        assert bundle.comparison is not None
        choice = bundle.comparison.choose()
        loss = np.nanmean(bundle.comparison.losses(), axis=1)
        tested.append(np.vstack([loss, np.choose(choice.kind, loss)]) / loss[0])
        taken += np.bincount(choice.kind, minlength=len(KINDS))
        forecasts = forecast_bundle(sample.select(series), bundle, choice, shared, own_config)
        held_out.append([_errors(each.mean, later[series]) for each in (*forecasts.kinds, forecasts.chosen)])
    backtested = np.concatenate(tested, axis=1).mean(axis=1)
    unseen = np.concatenate(held_out, axis=1).mean(axis=1)
    rows = [
        [name, f"{count:,}" if count is not None else "", f"{before:.4f}", f"{after:.4f}"]
        for name, count, before, after in zip(
            (*KINDS, "chosen"), (*taken.tolist(), None), backtested / backtested[0], unseen / unseen[0], strict=True
        )
    ]
    print(markdown_table(["model", "customers", "loss on the backtest", "error on later periods"], rows))
    ratio = unseen[-1] / unseen[:-1].min()
    print(f"the chosen models have {ratio:.4f} times the error of the best kind; target: at most {MAX_LOSS:g} times")
    return 1 if ratio > MAX_LOSS else 0


def _global_model(place: Path, config: ForecastConfig, workers: ProcessPool) -> tuple[Sample, SharedModel]:
    """Read the readings as a run does, and train the global model and the model of its backtest."""
    scratch = place / "scratch"
    scratch.mkdir()
    request = RunRequest(run_id="bench", partition="all", inputs={"demand": place / "readings.parquet"}, config=config)
    context = RunContext(
        request=request,
        workers=workers,
        sizes=WorkSizes(),
        progress=Progress(context={}),
        scratch=scratch,
        output=LocalOutput(place / "out", run_id="bench"),
    )
    demand, _ = read_input(context)
    sample = Sample.draw(demand, 10**12)
    plan = BacktestPlan.of(sample, config)
    assert plan is not None
    own = ModelFit.of(sample.panel, sample.exogenous, sample.active, horizon=config.horizon)
    model, past = fit_models([own, *plan.fits], config, workers, scratch / "fits")
    forecaster = assemble_forecaster(model, backtest(plan, [past], config), sample, demand, config)
    return sample, SharedModel(forecaster=forecaster, tested=past, windows=plan.windows)


def _errors(forecast: Floats, actual: Floats) -> Floats:
    """Return the absolute error of each customer, relative to its demand, shape (customers,)."""
    errors: Floats = np.abs(forecast - actual).sum(axis=1) / actual.sum(axis=1)
    return errors


if __name__ == "__main__":
    raise SystemExit(main())
