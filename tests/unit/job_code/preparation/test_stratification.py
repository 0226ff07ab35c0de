from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from job_code.preparation.stratification import (
    BINS_PER_OCTAVE,
    GOLDEN_RATIO,
    STRATA,
    LifeStage,
    SamplePlan,
    Stratum,
    StratumCounts,
    classify_life_stages,
)
from job_code.series.arrays import Booleans, Floats
from job_code.series.frequency import Frequency
from job_code.series.panel import Panel
from job_code.tables.key_hashes import Hashes, hash_keys

LAST_OF_ALL = -pow(int(GOLDEN_RATIO), -1, 2**64) % 2**64  # the hash that is selected last


def population(sizes: Floats, lengths: np.ndarray) -> tuple[Panel, Hashes]:
    """Return series of constant demand."""
    keys = pl.DataFrame({"unique_id": [f"S{at:06d}" for at in range(len(sizes))]})
    values = np.repeat(sizes, lengths)
    first = 100 - lengths.astype(np.int64)
    panel = Panel(
        keys=keys,
        frequency=Frequency("W-MON"),
        first_period=first,
        lengths=lengths.astype(np.int64),
        values=values,
        observed=np.ones(len(values), dtype=bool),
    )
    return panel, hash_keys(keys, ("unique_id",))


def mixed(
    count: int, *, seed: int = 0, share_new: float = 0.1, share_discontinued: float = 0.1
) -> tuple[Panel, Hashes, Booleans]:
    """Return series of a retailer: a few fast sellers, many slow ones, some of them new or discontinued."""
    random = np.random.default_rng(seed)
    stage = random.random(count)
    lengths = np.where(stage < share_new, random.integers(1, 52, count), random.integers(52, 105, count))
    panel, hashes = population(np.exp(random.normal(0, 2, count)), lengths)
    return panel, hashes, ~(stage > 1 - share_discontinued)


def plan_of(panel: Panel, active: Booleans, rows: int) -> tuple[SamplePlan, np.ndarray]:
    stages, bins = classify_life_stages(panel, active)
    plan = SamplePlan.of(StratumCounts.of(panel, stages, bins), rows)
    return plan, plan.strata(stages, bins)


def test_all_series_are_selected_if_they_fit() -> None:
    panel, hashes, active = mixed(500)
    total = int(panel.lengths.sum())
    for rows in (total, total + 1, 10 * total):
        plan, strata = plan_of(panel, active, rows)
        assert plan.is_full_population
        assert plan.selected(hashes, strata).all()
        assert plan.selected(np.full(500, LAST_OF_ALL, dtype=np.uint64), strata).all()
    plan, strata = plan_of(panel, active, total - 1)
    assert not plan.is_full_population


@pytest.mark.parametrize("rows", [30_000, 100_000, 300_000])
def test_the_sample_has_about_the_requested_rows(rows: int) -> None:
    panel, hashes, active = mixed(10_000)
    plan, strata = plan_of(panel, active, rows)
    chosen = plan.selected(hashes, strata)
    assert panel.lengths[chosen].sum() == pytest.approx(rows, rel=0.06)
    assert plan.series.tolist() == np.bincount(strata, minlength=5).tolist()


def test_strata_have_equal_shares_of_the_rows_and_discontinued_series_a_quarter() -> None:
    panel, hashes, active = mixed(40_000, share_new=0.4, share_discontinued=0.3)
    plan, strata = plan_of(panel, active, 85_000)
    chosen = plan.selected(hashes, strata)
    rows = np.bincount(strata[chosen], weights=panel.lengths[chosen], minlength=5)
    assert rows == pytest.approx([20_000, 20_000, 20_000, 20_000, 5000], rel=0.2)
    assert plan.share[Stratum.A] > plan.share[Stratum.B] > plan.share[Stratum.C]  # there are fewer fast sellers


def test_unused_rows_of_a_small_stratum_go_to_the_others() -> None:
    panel, hashes, active = mixed(10_000, share_new=0.005)
    plan, strata = plan_of(panel, active, 100_000)
    chosen = plan.selected(hashes, strata)
    assert chosen[strata == Stratum.YOUNGER_THAN_A_SEASON].all()
    assert panel.lengths[chosen].sum() == pytest.approx(100_000, rel=0.06)
    rows = np.bincount(strata[chosen], weights=panel.lengths[chosen], minlength=5)
    assert rows[Stratum.DISCONTINUED] == pytest.approx(rows[Stratum.C] / 4, rel=0.25)


def test_classes_follow_the_cumulative_share_of_demand() -> None:
    sizes, lengths = np.array([90.0, 0.5, 7.0, 2.0, 0.5]), np.full(5, 60)
    panel, _ = population(sizes, lengths)
    _, strata = plan_of(panel, np.ones(5, dtype=bool), 10)
    assert strata.tolist() == [Stratum.A, Stratum.C, Stratum.B, Stratum.C, Stratum.C]

    panel, _, active = mixed(5000, seed=3)
    _, strata = plan_of(panel, active, 10_000)
    assert (strata[~active] == Stratum.DISCONTINUED).all()
    assert (strata[active & (panel.lengths < 52)] == Stratum.YOUNGER_THAN_A_SEASON).all()
    selling = active & (panel.lengths >= 52)
    size = panel.values[panel.starts][selling]
    order = np.argsort(-size)
    larger = np.cumsum(size[order]) - size[order]
    expected = np.digitize(larger / size.sum(), (0.8, 0.95))
    assert (strata[selling][order] == expected).mean() > 0.93  # bins are quarters of an octave
    demand = np.bincount(strata[selling], weights=size, minlength=3)[:3] / size.sum()
    assert demand == pytest.approx([0.8, 0.15, 0.05], abs=0.03)


def test_names_match_the_strata() -> None:
    assert [name.upper() for name in STRATA] == [stratum.name for stratum in Stratum]


def test_life_stages_depend_on_length_and_on_selling() -> None:
    panel, _ = population(np.ones(4), np.array([52, 51, 52, 51]))
    stages, bins = classify_life_stages(panel, np.array([True, True, False, False]))
    assert stages.tolist() == [
        LifeStage.SELLING,
        LifeStage.YOUNGER_THAN_A_SEASON,
        LifeStage.DISCONTINUED,
        LifeStage.DISCONTINUED,
    ]
    stratum_counts = StratumCounts.of(panel, stages, bins)
    assert stratum_counts.series.sum(axis=1).tolist() == [1, 1, 2]
    assert stratum_counts.values.sum(axis=1).tolist() == [52, 51, 103]
    assert SamplePlan.of(stratum_counts, 1000).series.tolist() == [1, 0, 0, 1, 2]


def test_bins_are_fractions_of_octaves_of_the_mean_of_the_last_year() -> None:
    panel, _ = population(np.array([1.0, 2.0, 0.0, 1e-30, 1e39]), np.full(5, 60))
    _, bins = classify_life_stages(panel, np.ones(5, dtype=bool))
    assert bins[1] - bins[0] == BINS_PER_OCTAVE
    assert bins[2] == bins[3] == 0
    grown = replace(panel, values=np.where(panel.periods_left < 52, panel.values, 7.0))
    assert classify_life_stages(grown, np.ones(5, dtype=bool))[1].tolist() == bins.tolist()


def test_zero_demand_can_be_sampled() -> None:
    panel, hashes = population(np.zeros(20), np.full(20, 60))
    plan, strata = plan_of(panel, np.zeros(20, dtype=bool), 600)
    assert (strata == Stratum.DISCONTINUED).all()
    plan, strata = plan_of(panel, np.ones(20, dtype=bool), 600)
    assert plan.selected(hashes, strata).any()


def test_the_half_sample_is_a_subset_of_the_sample() -> None:
    panel, hashes, active = mixed(10_000)
    for rows in (50_000, 10**9):
        plan, strata = plan_of(panel, active, rows)
        chosen, half = plan.selected(hashes, strata), plan.selected(hashes, strata, part=0.5)
        assert not (half & ~chosen).any()
        assert half.sum() == pytest.approx(chosen.sum() / 2, rel=0.1)


def test_the_selection_does_not_depend_on_the_shards() -> None:
    panel, hashes, active = mixed(6000)
    stages, bins = classify_life_stages(panel, active)
    whole = SamplePlan.of(StratumCounts.of(panel, stages, bins), 50_000)
    expected = whole.selected(hashes, whole.strata(stages, bins))
    shard = np.random.default_rng(0).integers(0, 7, 6000)
    parts = [shard == number for number in (3, 0, 6, 1, 2, 5, 4)]
    stratum_counts = StratumCounts.total(
        StratumCounts.of(panel.select(part), stages[part], bins[part]) for part in parts
    )
    plan = SamplePlan.of(stratum_counts, 50_000)
    for part in parts:
        strata = plan.strata(stages[part], bins[part])
        assert plan.selected(hashes[part], strata).tolist() == expected[part].tolist()
    assert 0 < expected.sum() < 6000


def test_weighted_totals_are_unbiased() -> None:
    panel, _, active = mixed(3000)
    plan, strata = plan_of(panel, active, 30_000)
    random = np.random.default_rng(0)
    quantity = np.exp(random.normal(0, 1, 3000)) * panel.values[panel.starts]
    estimates = []
    for _ in range(400):
        chosen = plan.selected(random.integers(0, 2**64 - 1, 3000, dtype=np.uint64), strata)
        weight = plan.series[strata] / np.bincount(strata[chosen], minlength=5)[strata]
        estimates.append((weight * quantity)[chosen].sum() / quantity.sum())
    assert np.mean(estimates) == pytest.approx(1, abs=4 * np.std(estimates) / 20)
    assert np.std(estimates) < 0.2


@pytest.mark.parametrize("count", [1, 2, 20, 21, 500])
def test_a_sample_of_few_long_series_is_not_empty(count: int) -> None:
    panel, hashes = population(np.ones(count), np.full(count, 20_000))
    plan, strata = plan_of(panel, np.ones(count, dtype=bool), 10_000)
    assert plan.selected(hashes, strata).sum() >= min(count, 8)
    assert plan.is_full_population == (count <= 20)
