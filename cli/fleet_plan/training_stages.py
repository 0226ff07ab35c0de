"""The stages of the training job before a fleet, on machines with more or fewer cores than the measured one."""

from collections.abc import Iterator, Sequence

from cli.fleet_plan.assumed import Assumed, aligned
from cli.fleet_plan.case import VCPU_SHARE
from cli.fleet_plan.measured import Measured
from cli.fleet_plan.stage_scaling import MAX_CORES, StageScaling

# Stages by the benchmark's results: those that take longer for more rows, and those that learn from a sample.
BY_ROWS, ANYHOW = ("read", "check", "sample"), ("backtest", "fit", "record")
VCPUS = (4, 16, 64)


def stage_seconds(measured: Measured, *, rows: int, vcpus: int) -> dict[str, float]:
    """Extrapolate the stages to a machine.

    Args:
        measured: The benchmark's run of the job.
        rows: Of demand.
        vcpus: Of the machine.

    Returns:
        Seconds of each stage that was measured, by its name.
    """
    stages = [stage for stage in (*BY_ROWS, *ANYHOW) if stage in measured.stages]
    return {
        stage: measured.stages[stage]
        * (rows / measured.rows if stage in BY_ROWS else 1)
        * _share(measured, stage, vcpus)
        / VCPU_SHARE
        for stage in stages
    }


def stage_table(measured: Measured, *, rows: int, vcpus: Sequence[int] = VCPUS) -> Iterator[str]:
    """Write the stages by number of vCPUs, in lines; none where the benchmark has no runs by cores.

    Args:
        measured: The benchmark's run of the job.
        rows: Of demand.
        vcpus: Of the machines.
    """
    if not measured.on_cores:
        return
    machines = [stage_seconds(measured, rows=rows, vcpus=count) for count in vcpus]
    cells = [[stage, *(f"{seconds[stage] / 60:,.1f}" for seconds in machines)] for stage in machines[0]]
    total = ["all of them", *(f"{sum(seconds.values()) / 60:,.1f}" for seconds in machines)]
    yield "The training job's stages by the machine's vCPUs, minutes:"
    yield from aligned(["stage", *(f"{count} vCPUs" for count in vcpus)], [*cells, total]).splitlines()


def more_cores_assumed(measured: Measured) -> Assumed:
    """Say how a machine's cores count."""
    name = "training job: more cores"
    if not measured.on_cores:
        return Assumed(name, "all stages scale", "believed", "every core counts; no runs by cores in results.json")
    serial = ", ".join(
        f"{stage} {parts.serial / parts.seconds(1):.0%}"
        for stage in (*BY_ROWS, *ANYHOW)
        if (parts := _parts(measured, stage)) is not None
    )
    most = ", ".join(f"{cores} share {stage} at most" for stage, cores in MAX_CORES.items())
    source = (
        f"serial by {measured.cores_series:,} series on one core and on two (results.json, cores): {serial}; {most}"
    )
    return Assumed(name, "by Amdahl's law", "believed", source)


def _share(measured: Measured, stage: str, cores: int) -> float:
    """Return what a stage takes on a number of cores, times what was measured."""
    parts = _parts(measured, stage)
    if parts is None:
        return measured.cores / cores
    return parts.seconds(cores) / parts.seconds(measured.cores)


def _parts(measured: Measured, stage: str) -> StageScaling | None:
    """Split a stage; None where it was not measured on one core and on two."""
    one, two = (measured.on_cores.get(cores, {}).get(stage) for cores in (1, 2))
    return StageScaling.of(stage, one, two) if one and two else None
