"""The stages of the training job before a fleet, on instances with other numbers of cores than the measured host."""

from collections.abc import Iterator, Sequence

from cli.fleet_plan.assumption import Assumption, format_table
from cli.fleet_plan.measured import Measured
from cli.fleet_plan.scenario import VCPU_SHARE
from cli.fleet_plan.stage_scaling import MAX_CORES, StageScaling

# Stages in the benchmark's results. The first grow with the rows; the others work on a sample of fixed size.
ROW_STAGES, SAMPLE_STAGES = ("read", "check", "sample"), ("backtest", "fit", "record")
VCPUS = (4, 16, 64)


def stage_seconds(measured: Measured, *, rows: int, vcpus: int) -> dict[str, float]:
    """Extrapolate the stages to an instance.

    Args:
        measured: The benchmark's run of the job.
        rows: Rows of demand.
        vcpus: vCPUs of the instance.

    Returns:
        Seconds of each measured stage, by name.
    """
    stages = [stage for stage in (*ROW_STAGES, *SAMPLE_STAGES) if stage in measured.stages]
    return {
        stage: measured.stages[stage]
        * (rows / measured.rows if stage in ROW_STAGES else 1)
        * _share(measured, stage, vcpus)
        / VCPU_SHARE
        for stage in stages
    }


def stage_table(measured: Measured, *, rows: int, vcpus: Sequence[int] = VCPUS) -> Iterator[str]:
    """Yield the lines of a table of the stages by vCPUs; nothing if the benchmark has no runs by cores.

    Args:
        measured: The benchmark's run of the job.
        rows: Rows of demand.
        vcpus: vCPUs of the instances.
    """
    if not measured.on_cores:
        return
    instances = [stage_seconds(measured, rows=rows, vcpus=count) for count in vcpus]
    cells = [[stage, *(f"{seconds[stage] / 60:,.1f}" for seconds in instances)] for stage in instances[0]]
    total = ["total", *(f"{sum(seconds.values()) / 60:,.1f}" for seconds in instances)]
    yield "Minutes of the training job's stages, by vCPUs of the instance:"
    yield from format_table(["stage", *(f"{count} vCPUs" for count in vcpus)], [*cells, total]).splitlines()


def more_cores_assumed(measured: Measured) -> Assumption:
    """Return the assumption about how the stages scale with the cores."""
    name = "training job: more cores"
    if not measured.on_cores:
        source = "every core counts fully; results.json has no runs by cores"
        return Assumption(name, "all stages scale", "assumed", source)
    serial = ", ".join(
        f"{stage} {parts.serial / parts.seconds(1):.0%}"
        for stage in (*ROW_STAGES, *SAMPLE_STAGES)
        if (parts := _parts(measured, stage)) is not None
    )
    most = ", ".join(f"at most {cores} share {stage}" for stage, cores in MAX_CORES.items())
    source = (
        f"serial shares of {measured.cores_series:,} series on one core and on two (results.json, cores): "
        f"{serial}; {most}"
    )
    return Assumption(name, "by Amdahl's law", "assumed", source)


def _share(measured: Measured, stage: str, cores: int) -> float:
    """Return the seconds of a stage on a number of cores, as a multiple of the measured seconds."""
    parts = _parts(measured, stage)
    if parts is None:
        return measured.cores / cores
    return parts.seconds(cores) / parts.seconds(measured.cores)


def _parts(measured: Measured, stage: str) -> StageScaling | None:
    """Split a stage; None if the benchmark did not measure it on one core and on two."""
    one, two = (measured.on_cores.get(cores, {}).get(stage) for cores in (1, 2))
    return StageScaling.of(stage, one, two) if one and two else None
