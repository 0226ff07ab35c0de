"""Every run of the job beside its limit."""

from collections.abc import Iterator

from benchmarks.speed.results import Results, Run
from benchmarks.speed.tables.markdown_table import markdown_table


def limit_table(results: Results) -> str:
    """Write the table; empty where no run has a limit."""
    head = ["run", "s", "decode s", "trees s", "fastest predictor", "µs a row of each predictor", "limit s"]
    rows = [
        [
            name,
            f"{run.seconds:,.1f}",
            f"{limit.decode_seconds:,.2f}",
            f"{limit.predict_seconds:,.2f}",
            limit.predictor,
            "; ".join(f"{predictor} {_each(times)}" for predictor, times in limit.microseconds.items()),
            f"{limit.seconds:,.2f}",
            f"{run.times_limit:.2f}",
        ]
        for name, run in _runs(results)
        if (limit := run.limit)
    ]
    if not rows:
        return ""
    return (
        "**The job beside its limit**: its files' needed columns decoded by polars, and the trees of its forecasts by "
        "the fastest public predictor, measured in one thread, over its cores\n\n"
        + markdown_table([*head, "times the limit"], rows)
    )


def _runs(results: Results) -> Iterator[tuple[str, Run]]:
    for series, scaling in sorted(results.scaling.items()):
        yield f"{series:,} series", scaling.run
    for series, comparison in sorted(results.comparisons.items()):
        for name, run in comparison.runs.items():
            yield f"{series:,} series, side by side: {name}", run
    for series, runs in sorted(results.cores.items()):
        for cores, run in sorted(runs.items()):
            yield f"{series:,} series on {cores} of the cores", run


def _each(microseconds: dict[str, float]) -> str:
    return ", ".join(f"{model} {each:.2f}" for model, each in microseconds.items())
