"""Targets of the job, and whether the results meet them."""

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.plain_mlforecast import MEAN_ALONE, QUANTILES
from benchmarks.speed.results import JOB, JOB_ON_EVERYTHING, PLAIN, Comparison, Results, Run

LARGEST, MIDDLE, BASE = 5_000_000, 500_000, 300_000  # series
SHARED_STAGES = ("read", "check", "fit", "predict")  # stages that use all cores
ON_TWO_CORES = 1.8  # required speedup on two cores


@dataclass(frozen=True)
class Target:
    """A target for one measured quantity.

    Attributes:
        name: The quantity.
        limit: The largest value that meets the target, or the smallest if `at_least`.
        measured: The measured value; None without a measurement.
        at_least: Whether larger values are better.
        detail: The numbers behind the measured value.
    """

    name: str
    limit: float
    measured: float | None
    at_least: bool = False
    detail: str = ""

    @property
    def verdict(self) -> str:
        """`met`, `missed` or `not measured`."""
        if self.measured is None:
            return "not measured"
        met = self.measured >= self.limit if self.at_least else self.measured <= self.limit
        return "met" if met else "missed"


def all_targets(results: Results) -> list[Target]:
    """Return all targets, in the order of the benchmark's parts."""
    parts = _scaling_targets, _plain_targets, _sample_targets, _cores_targets, _lower_bound_targets
    return [target for part in parts for target in part(results)]


def _scaling_targets(results: Results) -> Iterator[Target]:
    runs = {series: scaling.run for series, scaling in results.scaling.items() if not scaling.run.failure}
    largest, middle, base = (runs.get(series) for series in (LARGEST, MIDDLE, BASE))
    yield Target(f"seconds at {LARGEST:,} series", 600, largest.seconds if largest else None)
    yield Target(f"GB of memory at {LARGEST:,} series", 6, largest.peak_memory / 1e9 if largest else None)
    name = f"time per series at {LARGEST:,} series, relative to {BASE:,}"
    if largest and base:
        times = largest.microseconds_a_series, base.microseconds_a_series
        yield Target(name, 1.2, times[0] / times[1], detail=f"{times[0]:.0f} and {times[1]:.0f} µs")
    else:
        yield Target(name, 1.2, None)
    name = f"memory at {LARGEST:,} series, relative to {MIDDLE:,}"
    if largest and middle:
        yield Target(name, 1.3, largest.peak_memory / middle.peak_memory, detail=_gigabytes(largest, middle))
    else:
        yield Target(name, 1.3, None)


def _lower_bound_targets(results: Results) -> Iterator[Target]:
    scaling = results.scaling.get(LARGEST)
    run = scaling.run if scaling and not scaling.run.failure else None
    name = f"seconds at {LARGEST:,} series, relative to the lower bound"
    if run is None or run.limit is None:
        yield Target(name, 3, None)
    else:
        yield Target(name, 3, run.times_limit, detail=f"{run.seconds:,.1f} and {run.limit.seconds:,.1f} s")


def _plain_targets(results: Results) -> Iterator[Target]:
    """Yield targets relative to plain MLForecast, both with the mean alone and with the job's outputs."""
    comparison = results.comparisons.get(BASE)
    job = _sound(comparison, JOB)
    for what, variants in (("the mean alone", MEAN_ALONE), ("mean and quantiles", (QUANTILES,))):
        plain = [run for variant in variants if (run := _sound(comparison, PLAIN + variant))]
        faster = f"speedup over plain MLForecast with {what} at {BASE:,} series"
        smaller = f"memory relative to plain MLForecast with {what} at {BASE:,} series"
        if not job or not plain:
            yield Target(faster, 8, None, at_least=True)
            yield Target(smaller, 0.25, None)
            continue
        fastest = min(plain, key=lambda run: run.seconds)
        smallest = min(plain, key=lambda run: run.peak_memory)
        detail = f"{fastest.seconds:,.1f} and {job.seconds:,.1f} s"
        yield Target(faster, 8, fastest.seconds / job.seconds, at_least=True, detail=detail)
        yield Target(smaller, 0.25, job.peak_memory / smallest.peak_memory, detail=_gigabytes(job, smallest))


def _sample_targets(results: Results) -> Iterator[Target]:
    sizes = [series for series, comparison in results.comparisons.items() if JOB_ON_EVERYTHING in comparison.runs]
    comparison, where = (results.comparisons[max(sizes)], f" at {max(sizes):,} series") if sizes else (None, "")
    sampled, full = _sound(comparison, JOB), _sound(comparison, JOB_ON_EVERYTHING)
    for name, score in (("WAPE", "wape"), ("weighted quantile loss", "wql")):
        what = f"relative increase of {name} by training on a sample{where}"
        if not sampled or not full or not sampled.scores or not full.scores:
            yield Target(what, 0.01, None)
            continue
        if sampled.learned_rows == full.learned_rows:
            yield Target(what, 0.01, None, detail="the sample has all rows")
            continue
        own, best = getattr(sampled.scores, score), getattr(full.scores, score)
        detail = f"{own:.4f} and {best:.4f}, trained on {sampled.learned_rows:,} and {full.learned_rows:,} rows"
        yield Target(what, 0.01, own / best - 1, detail=detail)


def _cores_targets(results: Results) -> Iterator[Target]:
    runs = results.cores[max(results.cores)] if results.cores else {}
    where = f" at {max(results.cores):,} series" if results.cores else ""
    sound = {cores: run.stages for cores, run in runs.items() if not run.failure}
    for stage in SHARED_STAGES:
        one, two = (sound.get(cores, {}).get(stage) for cores in (1, 2))
        name = f"speedup of {stage} on two cores{where}"
        if not one or not two:
            yield Target(name, ON_TWO_CORES, None, at_least=True)
        else:
            yield Target(name, ON_TWO_CORES, one / two, at_least=True, detail=f"{one:,.2f} and {two:,.2f} s")


def _sound(comparison: Comparison | None, name: str) -> Run | None:
    run = comparison.runs.get(name) if comparison else None
    return run if run and not run.failure else None


def _gigabytes(one: Run, other: Run) -> str:
    return f"{one.peak_memory / 1e9:.2f} and {other.peak_memory / 1e9:.2f} GB"
