"""The training job before a fleet: what it takes to read, check and fit, and to hand the demand over."""

from collections.abc import Iterator
from dataclasses import dataclass

from cli.fleet_plan.assumed import Assumed
from cli.fleet_plan.case import VCPU_SHARE, Question
from cli.fleet_plan.measured import Measured
from cli.fleet_plan.training_stages import ANYHOW, BY_ROWS, more_cores_assumed, stage_seconds, stage_table
from infra.settings.training_job import TrainingJobSettings
from job_code.demand.work_sizes import WorkSizes
from lambdas.plan_fleet.fleet import Assumptions, Machine, Work, cost_usd
from lambdas.plan_fleet.instance_types import cores_of
from lambdas.plan_fleet.sizing import FleetPlan, minutes


@dataclass(frozen=True, kw_only=True)
class TrainingPlan:
    """What the job takes.

    Attributes:
        machine: It runs on one of these.
        rows: Of demand.
        parts: Seconds of each part, in their order.
        unbilled_seconds: Of the first part.
        handed_over_bytes: Demand that the fleet gets.
        disk_bytes: That it needs.
        max_runtime_minutes: After these it is stopped.
        file: Where the environment settles its machine.
        by_vcpus: Lines of a table of its stages by the machine's vCPUs; empty where that was not measured.
        assumed: What all of it rests on, beside what the fleet does.
    """

    machine: Machine
    rows: int
    parts: dict[str, float]
    unbilled_seconds: float
    handed_over_bytes: int
    disk_bytes: int
    max_runtime_minutes: int
    file: str
    by_vcpus: tuple[str, ...]
    assumed: tuple[Assumed, ...]

    @property
    def seconds(self) -> float:
        """From the request to the end."""
        return sum(self.parts.values())

    @property
    def cost_usd(self) -> float | None:
        """US dollars; None without a price."""
        return cost_usd(1, self.machine, self.seconds - self.unbilled_seconds)

    def end_to_end(self, plan: FleetPlan) -> str:
        """Both jobs together, in one line."""
        costs = self.cost_usd, plan.cost_usd
        cost = "" if costs[0] is None or costs[1] is None else f", about ${costs[0] + costs[1]:,.2f}"
        return f"End to end, with the training job before it: about {minutes(self.seconds + plan.seconds)}{cost}"

    def lines(self) -> Iterator[str]:
        """The job by itself, and what does not suffice for it."""
        machine = self.machine
        yield (
            f"Before it, the training job: about {minutes(self.seconds)} on {machine.instance_type} "
            f"(read and check {self.rows / 1e6:,.0f} M rows, fit, hand over {self.handed_over_bytes / 1e9:,.1f} GB), "
            f"disk about {self.disk_bytes / 1e9:,.0f} GB of {machine.volume_gb:,g} GB"
        )
        yield "  " + ", ".join(f"{part} {seconds / 60:,.1f}" for part, seconds in self.parts.items()) + " minutes"
        yield from self.by_vcpus
        if self.disk_bytes > machine.volume_gb * 1e9:
            yield (
                f"Too small: the training job's disk of {machine.volume_gb:,g} GB; it needs about "
                f"{self.disk_bytes / 1e9:,.0f} GB. Raise volume_gb under [training_job] in {self.file}."
            )
        working = self.seconds - self.parts["start-up"] - self.parts["download"]
        if working > self.max_runtime_minutes * 60:
            yield (
                f"Too short: the training job's {self.max_runtime_minutes:,} max_runtime_minutes; it works for about "
                f"{minutes(working)}. Raise it under [training_job] in {self.file}, or take a type with more cores."
            )


def training_plan(
    question: Question, work: Work, job: TrainingJobSettings, *, assumptions: Assumptions, measured: Measured
) -> TrainingPlan:
    """Plans the job.

    Args:
        question: What is asked.
        work: What it hands over.
        job: The environment's training job.
        assumptions: Its start-up and its network are a fleet's.
        measured: The benchmark's run of the job.
    """
    instance_type, stages, series = job.instance_types[0], measured.stages, measured.series
    cores = cores_of(instance_type)
    machine = Machine(instance_type, cores, job.hourly_prices.get(instance_type), job.volume_gb)
    rows = question.series * question.periods
    by_rows = sum(stages.get(stage, 0) for stage in BY_ROWS) / measured.rows
    anyhow = sum(stages.get(stage, 0) for stage in ANYHOW)
    bytes_a_row = measured.bytes / measured.rows
    seconds = stage_seconds(measured, rows=rows, vcpus=cores)
    a_second = assumptions.download_mb_per_second * 1e6
    file = f"environments/{question.environment}.toml"
    source = f"{series:,} series, {measured.cores} cores (benchmarks/results.json, stages"
    price = "not known" if machine.hourly_price is None else f"${machine.hourly_price:,.3f}"
    return TrainingPlan(
        machine=machine,
        rows=rows,
        parts={
            "start-up": assumptions.startup_seconds,
            "download": rows * bytes_a_row / a_second,
            "read and check": sum(seconds.get(stage, 0) for stage in BY_ROWS),
            "backtest and fit": sum(seconds.get(stage, 0) for stage in ANYHOW),
            "hand over": work.bytes / a_second,
        },
        unbilled_seconds=assumptions.startup_unbilled_seconds,
        handed_over_bytes=work.bytes,
        disk_bytes=round(rows * bytes_a_row) + WorkSizes().disk_for_shards(rows),
        max_runtime_minutes=job.max_runtime_minutes,
        file=file,
        by_vcpus=tuple(stage_table(measured, rows=rows)),
        assumed=(
            Assumed("training job: machine", f"{instance_type}, {cores} vCPUs", "given", f"{file}, the first one"),
            Assumed("training job: price of an hour", price, "given", f"{file}, hourly_prices"),
            Assumed("training job: disk", f"{job.volume_gb:,g} GB", "given", f"{file}, volume_gb"),
            Assumed("rows of demand", f"{rows / 1e6:,.0f} M", "given", "series without gaps"),
            Assumed("its files", f"{bytes_a_row:.1f} bytes a row", "measured", f"made-up demand, {series:,} series"),
            Assumed(
                "read, check and sample",
                f"{by_rows * 1e9:,.0f} s/billion rows",
                "measured",
                f"{source} of that name)",
            ),
            Assumed("backtest and fit", f"{anyhow:,.1f} s", "measured", f"{source} so named); of any size: a sample"),
            Assumed(
                "a vCPU does of a core's work there",
                f"{VCPU_SHARE:g}",
                "believed",
                "as above",
            ),
            more_cores_assumed(measured),
            Assumed(
                "training job: start-up", f"{assumptions.startup_seconds:,.0f} s", "believed", "as a fleet's, as above"
            ),
            Assumed(
                "training job: download, upload",
                f"{assumptions.download_mb_per_second:,.0f} MB/s",
                "believed",
                "as an instance's download, as above; all else of handing over is made beside it",
            ),
            Assumed(
                "training job: disk for a row",
                f"{WorkSizes().disk_for_shards(1)} bytes",
                "given",
                "beside the files (job_code/demand/work_sizes.py); without covariates",
            ),
        ),
    )
