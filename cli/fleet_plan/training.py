"""The training job before a fleet: its time, cost and disk to read, check, fit and upload the handover."""

from collections.abc import Iterator
from dataclasses import dataclass

from cli.fleet_plan.assumption import Assumption
from cli.fleet_plan.measured import Measured
from cli.fleet_plan.scenario import VCPU_SHARE, FleetRequest
from cli.fleet_plan.training_stages import ROW_STAGES, SAMPLE_STAGES, more_cores_assumed, stage_seconds, stage_table
from infra.settings.training_job import TrainingJobSettings
from job_code.demand.work_sizes import WorkSizes
from lambdas.plan_fleet.fleet import Assumptions, InstanceSpec, Work, cost_usd
from lambdas.plan_fleet.instance_types import cores_of
from lambdas.plan_fleet.sizing import FleetPlan, minutes


@dataclass(frozen=True, kw_only=True)
class TrainingPlan:
    """Time, cost and disk of the training job.

    Attributes:
        instance: Type, cores, price and disk of its instance.
        rows: Rows of demand.
        parts: Seconds of each part, in order.
        unbilled_seconds: Seconds of the first part that SageMaker does not bill.
        handover_bytes: Bytes of demand in the handover to the fleet.
        disk_bytes: Disk that the job needs.
        max_runtime_minutes: Limit after which SageMaker stops the job.
        file: The environment's file, which sets the instance.
        by_vcpus: Lines of a table of the stages by vCPUs; empty if the benchmark has no runs by cores.
        assumed: The assumptions of this plan that the fleet's plan does not have.
    """

    instance: InstanceSpec
    rows: int
    parts: dict[str, float]
    unbilled_seconds: float
    handover_bytes: int
    disk_bytes: int
    max_runtime_minutes: int
    file: str
    by_vcpus: tuple[str, ...]
    assumed: tuple[Assumption, ...]

    @property
    def seconds(self) -> float:
        """Seconds from the request to the end."""
        return sum(self.parts.values())

    @property
    def cost_usd(self) -> float | None:
        """US dollars; None without a price."""
        return cost_usd(1, self.instance, self.seconds - self.unbilled_seconds)

    def end_to_end(self, plan: FleetPlan) -> str:
        """Return the time and cost of the training job and the fleet as one line."""
        costs = self.cost_usd, plan.cost_usd
        cost = "" if costs[0] is None or costs[1] is None else f", about ${costs[0] + costs[1]:,.2f}"
        return f"Training job and fleet: about {minutes(self.seconds + plan.seconds)}{cost}"

    def lines(self) -> Iterator[str]:
        """Yield lines about the job, and a warning for each limit that is too low."""
        instance = self.instance
        yield (
            f"Training job: about {minutes(self.seconds)} on {instance.instance_type} "
            f"(read and check {self.rows / 1e6:,.0f} M rows, fit, upload {self.handover_bytes / 1e9:,.1f} GB); "
            f"it needs about {self.disk_bytes / 1e9:,.0f} GB of disk and has {instance.volume_gb:,g} GB"
        )
        yield "  " + ", ".join(f"{part} {seconds / 60:,.1f}" for part, seconds in self.parts.items()) + " minutes"
        yield from self.by_vcpus
        if self.disk_bytes > instance.volume_gb * 1e9:
            yield (
                f"Warning: the training job's disk of {instance.volume_gb:,g} GB is too small. It needs about "
                f"{self.disk_bytes / 1e9:,.0f} GB. Raise volume_gb under [training_job] in {self.file}."
            )
        working = self.seconds - self.parts["start-up"] - self.parts["download"]
        if working > self.max_runtime_minutes * 60:
            yield (
                f"Warning: the training job's max_runtime_minutes of {self.max_runtime_minutes:,} is too low. The job "
                f"works for about {minutes(working)}. Raise it under [training_job] in {self.file}, or use an "
                "instance type with more cores."
            )


def training_plan(
    request: FleetRequest, work: Work, job: TrainingJobSettings, *, assumptions: Assumptions, measured: Measured
) -> TrainingPlan:
    """Estimate the training job.

    Args:
        request: The fleet that the user asks about.
        work: The chunks of the handover.
        job: The environment's training job.
        assumptions: Start-up and download speed, as for a fleet.
        measured: The benchmark's run of the job.
    """
    instance_type, stages, series = job.instance_types[0], measured.stages, measured.series
    cores = cores_of(instance_type)
    instance = InstanceSpec(instance_type, cores, job.hourly_prices.get(instance_type), job.volume_gb)
    rows = request.series * request.periods
    seconds_per_row = sum(stages.get(stage, 0) for stage in ROW_STAGES) / measured.rows
    sample_seconds = sum(stages.get(stage, 0) for stage in SAMPLE_STAGES)
    bytes_per_row = measured.bytes / measured.rows
    seconds = stage_seconds(measured, rows=rows, vcpus=cores)
    bytes_per_second = assumptions.download_mb_per_second * 1e6
    file = f"environments/{request.environment}.toml"
    source = f"{series:,} series, {measured.cores} cores (benchmarks/results.json, stages"
    price = "unknown" if instance.hourly_price is None else f"${instance.hourly_price:,.3f}"
    return TrainingPlan(
        instance=instance,
        rows=rows,
        parts={
            "start-up": assumptions.startup_seconds,
            "download": rows * bytes_per_row / bytes_per_second,
            "read and check": sum(seconds.get(stage, 0) for stage in ROW_STAGES),
            "backtest and fit": sum(seconds.get(stage, 0) for stage in SAMPLE_STAGES),
            "upload": work.bytes / bytes_per_second,
        },
        unbilled_seconds=assumptions.startup_unbilled_seconds,
        handover_bytes=work.bytes,
        disk_bytes=round(rows * bytes_per_row) + WorkSizes().disk_for_shards(rows),
        max_runtime_minutes=job.max_runtime_minutes,
        file=file,
        by_vcpus=tuple(stage_table(measured, rows=rows)),
        assumed=(
            Assumption("training job: instance", f"{instance_type}, {cores} vCPUs", "given", f"{file}, first type"),
            Assumption("training job: price per hour", price, "given", f"{file}, hourly_prices"),
            Assumption("training job: disk", f"{job.volume_gb:,g} GB", "given", f"{file}, volume_gb"),
            Assumption("rows of demand", f"{rows / 1e6:,.0f} M", "given", "series without gaps"),
            Assumption(
                "demand files", f"{bytes_per_row:.1f} bytes per row", "measured", f"synthetic demand, {series:,} series"
            ),
            Assumption(
                "read, check and sample",
                f"{seconds_per_row * 1e9:,.0f} s per billion rows",
                "measured",
                f"{source} of these names)",
            ),
            Assumption(
                "backtest and fit",
                f"{sample_seconds:,.1f} s",
                "measured",
                f"{source} of these names); constant, because the job trains on a sample",
            ),
            Assumption(
                "training job: vCPU relative to a core",
                f"{VCPU_SHARE:g}",
                "assumed",
                "as above",
            ),
            more_cores_assumed(measured),
            Assumption(
                "training job: start-up", f"{assumptions.startup_seconds:,.0f} s", "assumed", "as for a fleet, above"
            ),
            Assumption(
                "training job: download, upload",
                f"{assumptions.download_mb_per_second:,.0f} MB/s",
                "assumed",
                "as an instance's download, above; the job writes the handover while it uploads",
            ),
            Assumption(
                "training job: disk per row",
                f"{WorkSizes().disk_for_shards(1)} bytes",
                "given",
                "in addition to the files (job_code/demand/work_sizes.py); without covariates",
            ),
        ),
    )
