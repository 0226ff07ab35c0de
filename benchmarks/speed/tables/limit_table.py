"""Table of the job's runs and their lower bounds."""

from collections.abc import Iterator

from benchmarks.speed.results import Results, Run
from benchmarks.speed.tables.markdown_table import markdown_table


def limit_table(results: Results) -> str:
    """Return the table, or an empty string if no run has a lower bound."""
    head = ["run", "s", "decode s", "trees s", "fastest predictor", "µs per row of each predictor", "lower bound s"]
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
        "**Job and lower bound**: the lower bound is the time of polars to decode the needed columns, plus the time of "
        "the fastest public predictor to evaluate the trees, measured in one thread and divided by the cores\n\n"
        + markdown_table([*head, "ratio to lower bound"], rows)
    )


def _runs(results: Results) -> Iterator[tuple[str, Run]]:
    for series, scaling in sorted(results.scaling.items()):
        yield f"{series:,} series", scaling.run
    for series, comparison in sorted(results.comparisons.items()):
        for name, run in comparison.runs.items():
            yield f"comparison at {series:,} series: {name}", run
    for series, runs in sorted(results.cores.items()):
        for cores, run in sorted(runs.items()):
            yield f"{series:,} series with {cores} of the cores", run


def _each(microseconds: dict[str, float]) -> str:
    return ", ".join(f"{model} {each:.2f}" for model, each in microseconds.items())
