"""The job by stages on one core and on two, and by Amdahl's law on more."""

from collections.abc import Mapping

from benchmarks.speed.results import Run
from benchmarks.speed.tables.markdown_table import markdown_table
from benchmarks.speed.targets import ON_TWO_CORES
from cli.fleet_plan.stage_scaling import REASONS, StageScaling

ON_PAPER = (4, 16, 64)  # cores
BESIDE = "all else"  # Python's start and end, and what lies between the stages
WHY = {**REASONS, BESIDE: "one process starts and ends"}


def cores_table(series: int, runs: Mapping[int, Run]) -> str:
    """Write the table of one size; of stages that do not scale, it says why.

    Args:
        series: Number of series.
        runs: By number of cores.
    """
    title = f"**{series:,} series on one core and on two**"
    failures = [f"{cores}: {run.failure}" for cores, run in sorted(runs.items()) if run.failure]
    if failures or not {1, 2} <= set(runs):
        return f"{title}\n\nNot comparable: {'; '.join(failures) or 'one of the two was not measured'}."
    one, two = ({**runs[cores].stages, BESIDE: _beside(runs[cores])} for cores in (1, 2))
    scaling = {stage: StageScaling.of(stage, one[stage], two[stage]) for stage in one if stage in two}
    rows = [
        [
            stage,
            f"{one[stage]:,.2f}",
            f"{two[stage]:,.2f}",
            _faster(one[stage], two[stage]),
            *(f"{parts.seconds(cores):,.2f}" for cores in ON_PAPER),
            "" if _scales(parts, one[stage], two[stage]) else WHY.get(stage, "not known"),
        ]
        for stage, parts in scaling.items()
    ]
    totals = [sum(parts.seconds(cores) for parts in scaling.values()) for cores in ON_PAPER]
    measured = runs[1].seconds, runs[2].seconds
    last = ["total", *(f"{each:,.2f}" for each in measured), _faster(*measured), *(f"{each:,.2f}" for each in totals)]
    head = ["stage", "s on 1 core", "s on 2", "times as fast", *(f"s on {cores}, on paper" for cores in ON_PAPER)]
    return (
        f"{title}; on more by Amdahl's law, from the serial and the parallel part that these two tell\n\n"
        + markdown_table([*head, "what does not scale, and why"], [*rows, last])
    )


def _beside(run: Run) -> float:
    return max(0.0, run.seconds - sum(run.stages.values()))


def _scales(parts: StageScaling, one: float, two: float) -> bool:
    return parts.most_cores is None and one >= ON_TWO_CORES * two


def _faster(one: float, two: float) -> str:
    return f"{one / two:.2f}" if two else ""
