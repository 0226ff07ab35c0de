"""What a phone shows of a successful run."""

from collections.abc import Iterator

from contract.periods import unit_of
from contract.state.run_record import CheckedRun, Metrics, RunOutcome, Scores
from lambdas.shared.console_links import execution_link, object_link


def subject(run: CheckedRun, *, deployment: str, published: bool) -> str:
    """One ASCII line of at most 100 characters, as SNS wants it."""
    what = "forecasts published" if published else "run kept, not published"
    return f"{deployment}: {what}, cutoff {run['cutoff']}"


def message(
    run: CheckedRun,
    *,
    outcome: RunOutcome,
    deployment: str,
    execution: str,
    shown: str | None = None,
    back_from: str | None = None,
) -> str:
    """The sentence with the accuracy, and where to look.

    Args:
        run: The checked run.
        outcome: Its `forecasts` and `report` URIs.
        deployment: Name of the deployment.
        execution: ARN of the execution.
        shown: The later cutoff that stays published, where this run's is older.
        back_from: The later cutoff that was published, where somebody asked for this run by its name.
    """
    size = f"{run['horizon']} {unit_of(run['frequency'])}s for {run['series']:,} series after {run['cutoff']}"
    head = (
        f"{deployment} published {size} (until {run['last_period']})."
        if shown is None
        else f"{deployment} forecast {size}; the published forecasts stay those after {shown}, which is later."
    )
    if back_from is not None:
        head += f" Readers go back to it from the forecasts after {back_from}."
    places = {
        "Report": object_link(outcome["report"], region=execution.split(":")[3]),
        "Execution": execution_link(execution),
        "Forecasts": outcome["forecasts"],
    }
    lines = "\n".join(f"{what}: {where}" for what, where in places.items())
    told = " ".join([head, *_model(run), accuracy(run["metrics"]), *_fleet(run)])
    return f"{told}\n\n{lines}"


def _model(run: CheckedRun) -> Iterator[str]:
    model = run["model"]
    if model is not None and model["run_id"] != run["run_id"]:
        days = "1 day" if model["age_days"] == 1 else f"{model['age_days']} days"
        yield f"No model was trained: it is that of {model['run_id']}, {days} old."


def _fleet(run: CheckedRun) -> Iterator[str]:
    """What was planned, and what came of it."""
    fleet = run.get("fleet")
    if fleet:
        minutes = "" if fleet["seconds"] is None else f" took {fleet['seconds'] / 60:,.0f} minutes"
        cost = "" if fleet["cost"] is None else f" and cost ${fleet['cost']:,.2f}"
        notes = f" ({'; '.join(fleet['notes'])})" if fleet["notes"] else ""
        yield f"The fleet{minutes}{cost}; planned were {fleet['planned']}{notes}."


def accuracy(metrics: Metrics) -> str:
    """The backtest's WAPE beside the baseline's, where there was one."""
    forecast, baseline = (_wape(each) for each in (metrics.get("forecast"), metrics.get("seasonal_naive")))
    if forecast is None or baseline is None:
        return "There was too little history for a backtest."
    text = f"Backtest WAPE {forecast:.1%} against {baseline:.1%} for seasonal naive"
    if baseline == 0:
        return f"{text}."
    gain = 1 - forecast / baseline
    return f"{text} ({abs(gain):.0%} {'better' if gain >= 0 else 'worse'})."


def _wape(scores: Scores | None) -> float | None:
    value = scores.get("wape") if scores else None
    return float(value) if isinstance(value, int | float) else None
