"""What the job has to reach, and whether it does."""

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.plain_mlforecast import MEAN_ALONE, QUANTILES
from benchmarks.speed.results import JOB, JOB_ON_EVERYTHING, PLAIN, Comparison, Results, Run

LARGEST, MIDDLE, BASE = 5_000_000, 500_000, 300_000  # series
SHARED_STAGES = ("read", "check", "fit", "predict")  # what all cores work on
ON_TWO_CORES = 1.8  # times as fast as on one


@dataclass(frozen=True)
class Bar:
    """One thing to reach.

    Attributes:
        name: What is measured.
        limit: What it may be.
        measured: What it is; None if it was not measured.
        at_least: Whether more is better.
        detail: What the measured number was made of.
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


def bars(results: Results) -> list[Bar]:
    """All bars, in the order of the benchmark's parts."""
    parts = _of_scaling, _beside_plain, _of_sample, _of_cores, _beside_limit
    return [bar for part in parts for bar in part(results)]


def _of_scaling(results: Results) -> Iterator[Bar]:
    runs = {series: scaling.run for series, scaling in results.scaling.items() if not scaling.run.failure}
    largest, middle, base = (runs.get(series) for series in (LARGEST, MIDDLE, BASE))
    yield Bar(f"seconds at {LARGEST:,} series", 600, largest.seconds if largest else None)
    yield Bar(f"GB of memory at {LARGEST:,} series", 6, largest.peak_memory / 1e9 if largest else None)
    name = f"time a series at {LARGEST:,} series, times that at {BASE:,}"
    if largest and base:
        times = largest.microseconds_a_series, base.microseconds_a_series
        yield Bar(name, 1.2, times[0] / times[1], detail=f"{times[0]:.0f} and {times[1]:.0f} µs")
    else:
        yield Bar(name, 1.2, None)
    name = f"memory at {LARGEST:,} series, times that at {MIDDLE:,}"
    if largest and middle:
        yield Bar(name, 1.3, largest.peak_memory / middle.peak_memory, detail=_gigabytes(largest, middle))
    else:
        yield Bar(name, 1.3, None)


def _beside_limit(results: Results) -> Iterator[Bar]:
    scaling = results.scaling.get(LARGEST)
    run = scaling.run if scaling and not scaling.run.failure else None
    name = f"seconds at {LARGEST:,} series, times its limit"
    if run is None or run.limit is None:
        yield Bar(name, 3, None)
    else:
        yield Bar(name, 3, run.times_limit, detail=f"{run.seconds:,.1f} and {run.limit.seconds:,.1f} s")


def _beside_plain(results: Results) -> Iterator[Bar]:
    """Beside plain MLForecast that does less, which is the fairest to it, and beside the one with the same outputs."""
    comparison = results.comparisons.get(BASE)
    job = _sound(comparison, JOB)
    for what, variants in (("the mean alone", MEAN_ALONE), ("mean and quantiles", (QUANTILES,))):
        plain = [run for variant in variants if (run := _sound(comparison, PLAIN + variant))]
        faster = f"times faster than plain MLForecast with {what} at {BASE:,} series"
        smaller = f"times the memory of plain MLForecast with {what} at {BASE:,} series"
        if not job or not plain:
            yield Bar(faster, 8, None, at_least=True)
            yield Bar(smaller, 0.25, None)
            continue
        fastest = min(plain, key=lambda run: run.seconds)
        smallest = min(plain, key=lambda run: run.peak_memory)
        detail = f"{fastest.seconds:,.1f} and {job.seconds:,.1f} s"
        yield Bar(faster, 8, fastest.seconds / job.seconds, at_least=True, detail=detail)
        yield Bar(smaller, 0.25, job.peak_memory / smallest.peak_memory, detail=_gigabytes(job, smallest))


def _of_sample(results: Results) -> Iterator[Bar]:
    sizes = [series for series, comparison in results.comparisons.items() if JOB_ON_EVERYTHING in comparison.runs]
    comparison, where = (results.comparisons[max(sizes)], f" of {max(sizes):,} series") if sizes else (None, "")
    sampled, full = _sound(comparison, JOB), _sound(comparison, JOB_ON_EVERYTHING)
    for name, score in (("WAPE", "wape"), ("weighted quantile loss", "wql")):
        what = f"relative loss of {name} by learning from a sample{where}"
        if not sampled or not full or not sampled.scores or not full.scores:
            yield Bar(what, 0.01, None)
            continue
        if sampled.learned_rows == full.learned_rows:
            yield Bar(what, 0.01, None, detail="the sample held everything")
            continue
        own, best = getattr(sampled.scores, score), getattr(full.scores, score)
        detail = f"{own:.4f} and {best:.4f}, from {sampled.learned_rows:,} and {full.learned_rows:,} rows"
        yield Bar(what, 0.01, own / best - 1, detail=detail)


def _of_cores(results: Results) -> Iterator[Bar]:
    runs = results.cores[max(results.cores)] if results.cores else {}
    where = f" of {max(results.cores):,} series" if results.cores else ""
    sound = {cores: run.stages for cores, run in runs.items() if not run.failure}
    for stage in SHARED_STAGES:
        one, two = (sound.get(cores, {}).get(stage) for cores in (1, 2))
        name = f"times faster on two cores than on one: {stage}{where}"
        if not one or not two:
            yield Bar(name, ON_TWO_CORES, None, at_least=True)
        else:
            yield Bar(name, ON_TWO_CORES, one / two, at_least=True, detail=f"{one:,.2f} and {two:,.2f} s")


def _sound(comparison: Comparison | None, name: str) -> Run | None:
    run = comparison.runs.get(name) if comparison else None
    return run if run and not run.failure else None


def _gigabytes(one: Run, other: Run) -> str:
    return f"{one.peak_memory / 1e9:.2f} and {other.peak_memory / 1e9:.2f} GB"
