"""Print results as Markdown: `python -m benchmarks.speed.markdown benchmarks/results.json`."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.speed.price import INSTANCES, TRANSFER_SECONDS, price
from benchmarks.speed.results import JOB, Comparison, Results, Run, Scores, load
from benchmarks.speed.tables.cores_table import cores_table
from benchmarks.speed.tables.limit_table import limit_table
from benchmarks.speed.tables.markdown_table import markdown_table
from benchmarks.speed.targets import all_targets


def render(results: Results) -> str:
    """Return all tables of the results."""
    parts = [_host(results)]
    if results.scaling:
        parts.append(_scaling(results))
        parts.append(_prices(results))
    parts += [_comparison(series, each) for series, each in sorted(results.comparisons.items())]
    parts += [cores_table(series, runs) for series, runs in sorted(results.cores.items())]
    if limits := limit_table(results):
        parts.append(limits)
    parts.append(_targets(results))
    return "\n\n".join(parts)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.speed.markdown", description="Print results as Markdown."
    )
    parser.add_argument("results", type=Path, help="results file of python -m benchmarks.speed")
    print(render(load(parser.parse_args(arguments).results)))


def _host(results: Results) -> str:
    host = results.machine
    versions = ", ".join(f"{name} {version}" for name, version in host.versions.items())
    runs = list(_runs(results))
    commits = ", ".join(dict.fromkeys(run.commit for run in runs))
    others = max((run.other_cpu_seconds / run.seconds / host.cores for run in runs), default=0.0)
    return (
        f"{host.processor}, {host.cores} cores, {host.memory / 1e9:.1f} GB, {host.system}; {versions}; "
        f"{host.date}, commit {commits}. {results.weeks} weeks of history. "
        f"During the runs, other programs used at most {others:.0%} of the cores."
    )


def _runs(results: Results) -> Iterator[Run]:
    yield from (scaling.run for scaling in results.scaling.values())
    for comparison in results.comparisons.values():
        yield from comparison.runs.values()
    for runs in results.cores.values():
        yield from runs.values()


def _scaling(results: Results) -> str:
    stages = list(dict.fromkeys(stage for each in results.scaling.values() for stage in each.run.stages))
    head = [
        "series",
        "rows",
        "total s",
        *(f"{stage} s" for stage in stages),
        "CPU s",
        "memory GB",
        "peak in",
        "disk GB",
    ]
    head += ["output GB", "series/s", "µs/series", "ratio to lower bound"]
    rows = []
    for series, each in sorted(results.scaling.items()):
        run = each.run
        if run.failure:
            rows.append([f"{series:,}", f"{each.demand.rows:,}", run.failure])
            continue
        rows.append(
            [
                f"{series:,}",
                f"{each.demand.rows:,}",
                f"{run.seconds:,.1f}",
                *(f"{run.stages[stage]:,.1f}" if stage in run.stages else "" for stage in stages),
                f"{run.cpu_seconds:,.1f}",
                f"{run.peak_memory / 1e9:.2f}",
                run.peak_stage,
                f"{run.peak_disk / 1e9:.2f}",
                f"{run.output / 1e9:.2f}",
                f"{series / run.seconds:,.0f}",
                f"{run.microseconds_a_series:,.0f}",
                "" if run.times_limit is None else f"{run.times_limit:.2f}",
            ]
        )
    return "**Job by size**\n\n" + markdown_table(head, rows)


def _prices(results: Results) -> str:
    sound = {series: each.run for series, each in sorted(results.scaling.items()) if not each.run.failure}
    head = ["instance", "vCPU", "memory GiB", "US$ per hour", *(f"US$ for {series:,} series" for series in sound)]
    rows = [
        [
            instance.name,
            str(instance.cores),
            f"{instance.memory / 2**30:.0f}",
            f"{instance.hourly:.3f}",
            *(
                f"{price(run.seconds, instance):.3f}" if run.peak_memory < instance.memory else "too small"
                for run in sound.values()
            ),
        ]
        for instance in INSTANCES
    ]
    return (
        "**Estimated price of a run** as a SageMaker Training Job, on demand in us-east-1: the measured time plus "
        f"{TRANSFER_SECONDS:.0f} s for downloads and the upload, on cores as fast as the measured ones\n\n"
        + markdown_table(head, rows)
    )


def _comparison(series: int, comparison: Comparison) -> str:
    head = [
        "program",
        "total s",
        "CPU s",
        "memory GB",
        "peak in",
        "stages",
        "time / job",
        "memory / job",
        "WAPE",
        "RMSE",
        "quantile loss",
        "coverage",
    ]
    job = comparison.runs.get(JOB)
    rows = [_compared(name, run, job) for name, run in comparison.runs.items()]
    rows.append(["seasonal naive", *[""] * 7, *_scores(comparison.naive)])
    return f"**Comparison at {series:,} series** ({comparison.demand.rows:,} rows)\n\n" + markdown_table(head, rows)


def _compared(name: str, run: Run, job: Run | None) -> list[str]:
    if run.failure:
        return [name, run.failure]
    ratios = ["", ""]
    if job and not job.failure:
        ratios = [f"{run.seconds / job.seconds:.2f}", f"{run.peak_memory / job.peak_memory:.2f}"]
    return [
        name,
        f"{run.seconds:,.1f}",
        f"{run.cpu_seconds:,.1f}",
        f"{run.peak_memory / 1e9:.2f}",
        run.peak_stage,
        ", ".join(f"{stage} {seconds:,.1f}" for stage, seconds in run.stages.items()),
        *ratios,
        *_scores(run.scores),
    ]


def _scores(scores: Scores | None) -> list[str]:
    if scores is None:
        return [""] * 4
    shares = (scores.wape, None, scores.wql, scores.coverage)
    texts = ["" if share is None else f"{share:.1%}" for share in shares]
    return [texts[0], f"{scores.rmse:.3f}", *texts[2:]]


def _targets(results: Results) -> str:
    head = ["target", "", "limit", "measured", "details"]
    rows = [
        [
            target.name,
            target.verdict,
            f"{'at least' if target.at_least else 'at most'} {target.limit:g}",
            "" if target.measured is None else f"{target.measured:,.4g}",
            target.detail,
        ]
        for target in all_targets(results)
    ]
    return "**Targets**\n\n" + markdown_table(head, rows)


if __name__ == "__main__":
    main()
