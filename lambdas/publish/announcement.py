"""The notification of a successful run, short enough for a phone."""

from collections.abc import Iterator

from contract.calendar.frequencies import calendar_of
from contract.state.run_record import CheckedRun, Metrics, RunOutcome, Scores
from lambdas.shared.console_links import execution_link, object_link


def subject(run: CheckedRun, *, deployment: str, published: bool) -> str:
    """Return one ASCII line of at most 100 characters, as SNS requires."""
    what = "forecasts published" if published else "run superseded, not published"
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
    """Return the message: result, accuracy and links.

    Args:
        run: The checked run.
        outcome: Its `forecasts` and `report` URIs.
        deployment: Name of the deployment.
        execution: ARN of the execution.
        shown: The later cutoff that stays published, if this run is superseded.
        back_from: The later cutoff that this run replaces, if someone published this run by hand.
    """
    size = f"{run['horizon']} {calendar_of(run['frequency']).unit}s for {run['series']:,} series after {run['cutoff']}"
    head = (
        f"{deployment} published {size} (until {run['last_period']})."
        if shown is None
        else f"{deployment} forecast {size}. The published forecasts stay, because their cutoff {shown} is later."
    )
    if back_from is not None:
        head += f" These forecasts replace the published ones, whose cutoff {back_from} is later."
    places = {
        "Report": object_link(outcome["report"], region=execution.split(":")[3]),
        "Execution": execution_link(execution),
        "Forecasts": outcome["forecasts"],
    }
    lines = "\n".join(f"{what}: {where}" for what, where in places.items())
    text = " ".join([head, *_model(run), accuracy(run["metrics"]), *_fleet(run), *_warnings(run)])
    return f"{text}\n\n{lines}"


def _model(run: CheckedRun) -> Iterator[str]:
    model = run["model"]
    if model is not None and model["run_id"] != run["run_id"]:
        days = "1 day" if model["age_days"] == 1 else f"{model['age_days']} days"
        yield f"No model was trained. The run uses the model of run {model['run_id']}, {days} old."


def _fleet(run: CheckedRun) -> Iterator[str]:
    """Yield the fleet's duration and cost, next to the plan."""
    fleet = run.get("fleet")
    if fleet:
        facts = []
        if fleet["seconds"] is not None:
            facts.append(f"took {fleet['seconds'] / 60:,.0f} minutes")
        if fleet["cost"] is not None:
            facts.append(f"cost ${fleet['cost']:,.2f}")
        if facts:
            yield f"The fleet {' and '.join(facts)}."
        notes = f" ({'; '.join(fleet['notes'])})" if fleet["notes"] else ""
        yield f"The fleet's plan was {fleet['planned']}{notes}."


def _warnings(run: CheckedRun) -> Iterator[str]:
    """Yield the first data-quality warnings; the report has all."""
    quality = run["statistics"]["data_quality"] or {}
    count = quality.get("warnings", 0)
    if count:
        yield f"{'1 data-quality warning' if count == 1 else f'{count} data-quality warnings'}:"
        yield from (f"{line}." for line in quality["first_warnings"])


def accuracy(metrics: Metrics) -> str:
    """Return the backtest's WAPE next to seasonal naive's, or a sentence that there was no backtest."""
    forecast, baseline = (_wape(each) for each in (metrics.get("forecast"), metrics.get("seasonal_naive")))
    if forecast is None or baseline is None:
        return "The history is too short for a backtest."
    text = f"Backtest WAPE {forecast:.1%} against {baseline:.1%} for seasonal naive"
    if baseline == 0:
        return f"{text}."
    gain = 1 - forecast / baseline
    return f"{text} ({abs(gain):.0%} {'better' if gain >= 0 else 'worse'})."


def _wape(scores: Scores | None) -> float | None:
    value = scores.get("wape") if scores else None
    return float(value) if isinstance(value, int | float) else None
