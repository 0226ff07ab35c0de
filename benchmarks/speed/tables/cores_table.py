"""Table of the job's stages on one core and on two, extrapolated to more cores by Amdahl's law."""

from collections.abc import Mapping

from benchmarks.speed.results import Run
from benchmarks.speed.tables.markdown_table import markdown_table
from benchmarks.speed.targets import ON_TWO_CORES
from cli.fleet_plan.stage_scaling import REASONS, StageScaling

EXTRAPOLATED = (4, 16, 64)  # numbers of cores
OTHER = "other"  # start and end of Python, and the time between stages
WHY = {**REASONS, OTHER: "one process starts and ends"}


def cores_table(series: int, runs: Mapping[int, Run]) -> str:
    """Return the table of one size, with a reason for each stage that does not scale.

    Args:
        series: Number of series.
        runs: Runs of the job, by number of cores.
    """
    title = f"**{series:,} series on one core and on two**"
    failures = [f"{cores}: {run.failure}" for cores, run in sorted(runs.items()) if run.failure]
    if failures or not {1, 2} <= set(runs):
        return f"{title}\n\nNot comparable: {'; '.join(failures) or 'one of the two runs is missing'}."
    one, two = ({**runs[cores].stages, OTHER: _other(runs[cores])} for cores in (1, 2))
    scaling = {stage: StageScaling.of(stage, one[stage], two[stage]) for stage in one if stage in two}
    rows = [
        [
            stage,
            f"{one[stage]:,.2f}",
            f"{two[stage]:,.2f}",
            _faster(one[stage], two[stage]),
            *(f"{parts.seconds(cores):,.2f}" for cores in EXTRAPOLATED),
            "" if _scales(parts, one[stage], two[stage]) else WHY.get(stage, "unknown"),
        ]
        for stage, parts in scaling.items()
    ]
    totals = [sum(parts.seconds(cores) for parts in scaling.values()) for cores in EXTRAPOLATED]
    measured = runs[1].seconds, runs[2].seconds
    last = ["total", *(f"{each:,.2f}" for each in measured), _faster(*measured), *(f"{each:,.2f}" for each in totals)]
    head = ["stage", "s on 1 core", "s on 2", "speedup", *(f"s on {cores}, extrapolated" for cores in EXTRAPOLATED)]
    return (
        f"{title}, extrapolated to more cores by Amdahl's law from the serial and parallel parts of these runs\n\n"
        + markdown_table([*head, "reason if the stage does not scale"], [*rows, last])
    )


def _other(run: Run) -> float:
    return max(0.0, run.seconds - sum(run.stages.values()))


def _scales(parts: StageScaling, one: float, two: float) -> bool:
    return parts.most_cores is None and one >= ON_TWO_CORES * two


def _faster(one: float, two: float) -> str:
    return f"{one / two:.2f}" if two else ""
