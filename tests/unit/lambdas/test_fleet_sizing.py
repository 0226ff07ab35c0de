import itertools
import math
import random
from dataclasses import replace

import pytest

from contract.limits import MAX_INSTANCES
from lambdas.plan_fleet.fleet import DEFAULT_ASSUMPTIONS, Assumptions, InstanceSpec, Rate, Work, disk_bytes, fleet_time
from lambdas.plan_fleet.instance_types import cores_of
from lambdas.plan_fleet.sizing import NEAR_SECONDS, size_fleet

INSTANCE = InstanceSpec("ml.m5.4xlarge", cores=16, hourly_price=0.922, volume_gb=50)
RATE = Rate(1_000, measured=True, source="the test")
# One second per chunk on one core.
WORK = Work(series=640_000, chunks=640, bytes=0)
ROUND = Assumptions(
    startup_seconds=240,
    startup_unbilled_seconds=60,
    download_mb_per_second=100,
    disk_bytes_per_byte=2.5,
    gather_seconds=20,
    gather_seconds_per_chunk=0,
    slowdown_per_doubling=0,
)


@pytest.mark.parametrize(
    ("instance_type", "cores"),
    [
        ("ml.t3.medium", 2),
        ("ml.m5.large", 2),
        ("ml.m5.xlarge", 4),
        ("ml.m5.4xlarge", 16),
        ("ml.m7i-flex.12xlarge", 48),
        ("ml.c5.9xlarge", 36),
        ("ml.m4.10xlarge", 40),
        ("ml.c4.8xlarge", 36),
        ("ml.c4.4xlarge", 16),
        ("ml.m7i.48xlarge", 192),
        ("ml.p6-b200.48xlarge", 192),
    ],
)
def test_the_cores_of_an_instance_type(instance_type: str, cores: int) -> None:
    assert cores_of(instance_type) == cores


@pytest.mark.parametrize("name", ["m5.large", "ml.m5.metal", "ml.m5", "ml.m5.0xlarge", "local", ""])
def test_a_name_without_a_size_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"a name like ml\.m5\.4xlarge"):
        cores_of(name)


def dealt(work: Work, instance: InstanceSpec, rate: Rate, *, instances: int, assumptions: Assumptions) -> float | None:
    """Simulate the seconds until the end, chunk by chunk; None if a disk is too small."""
    hands: list[list[int]] = [[] for _ in range(instances)]
    for card in range(work.chunks):
        hands[card % instances].append(card)
    ends = []
    for hand in hands:
        size = len(hand) * work.bytes / work.chunks
        if size * assumptions.disk_bytes_per_byte > instance.volume_gb * 1e9:
            return None
        cores = [assumptions.startup_seconds + size / 1e6 / assumptions.download_mb_per_second] * instance.cores
        for _ in hand:
            cores.sort()
            cores[0] += work.series / work.chunks / rate.series_per_second_per_core
        ends.append(max(cores) * (1 + assumptions.slowdown_per_doubling * math.log2(instances)))
    return max(ends) + assumptions.gather_seconds + assumptions.gather_seconds_per_chunk * work.chunks


@pytest.mark.parametrize("slower", [0, 0.1])
def test_the_plan_matches_a_search_over_all_counts(slower: float) -> None:
    assumptions = replace(ROUND, slowdown_per_doubling=slower, gather_seconds_per_chunk=0.1)
    draw = random.Random(0)
    unreachable = 0
    for _ in range(150):
        chunks = draw.randint(1, 150)
        work = Work(series=draw.randint(1, 10_000) * chunks, chunks=chunks, bytes=draw.randint(0, 50) * 10**9)
        instance = replace(INSTANCE, cores=draw.choice([2, 4, 16]), volume_gb=draw.choice([30, 100]))
        quota = draw.choice([None, 5, 40])
        deadline = draw.randint(250, 600)
        most = min(chunks, MAX_INSTANCES, quota or MAX_INSTANCES)
        tried = {n: dealt(work, instance, RATE, instances=n, assumptions=assumptions) for n in range(1, most + 1)}
        kept = [n for n, seconds in tried.items() if seconds is not None and seconds <= deadline]
        plan = size_fleet(
            work, instance, RATE, instances=None, deadline_seconds=deadline, quota=quota, assumptions=assumptions
        )
        if kept:
            assert plan.keeps_deadline
            assert plan.instances == kept[0]
            assert plan.seconds == pytest.approx(tried[kept[0]])
            assert not plan.notes
        else:
            unreachable += 1
            fits = {n: seconds for n, seconds in tried.items() if seconds is not None}
            # A disk that is too small for all counts has its own note, whether or not the deadline is met.
            assert plan.notes
            if fits:
                assert plan.keeps_deadline is False
                assert plan.instances == next(n for n, s in fits.items() if s <= min(fits.values()) + NEAR_SECONDS)
    assert 10 < unreachable < 140


def test_more_equal_instances_never_take_longer() -> None:
    work = replace(WORK, bytes=10**11)
    seconds = [fleet_time(work, INSTANCE, RATE, instances=n, assumptions=ROUND).seconds for n in range(1, 641)]
    assert all(later <= sooner for sooner, later in itertools.pairwise(seconds))


def test_the_slowest_instance_decides_the_duration() -> None:
    work, slower = replace(WORK, bytes=10**11), replace(ROUND, slowdown_per_doubling=0.1)
    for instances, times in ((1, 1.0), (2, 1.1), (8, 1.3), (64, 1.6)):
        alike = fleet_time(work, INSTANCE, RATE, instances=instances, assumptions=ROUND)
        waited = fleet_time(work, INSTANCE, RATE, instances=instances, assumptions=slower)
        assert waited.startup_seconds == pytest.approx(times * alike.startup_seconds)
        assert waited.seconds - 20 == pytest.approx(times * (alike.seconds - 20))
        assert waited.billed_seconds == pytest.approx(waited.seconds - 60)


def test_a_chunk_has_overhead_unless_measured() -> None:
    believed = replace(RATE, measured=False)
    assumptions = replace(ROUND, seconds_per_chunk=0.5)
    for rate, seconds in ((RATE, 10), (believed, 15)):
        assert fleet_time(WORK, INSTANCE, rate, instances=4, assumptions=assumptions).forecast_seconds == seconds


def test_completed_chunks_are_gathered_too() -> None:
    work, assumptions = replace(WORK, done=360), replace(ROUND, gather_seconds_per_chunk=0.01)
    assert fleet_time(work, INSTANCE, RATE, instances=4, assumptions=assumptions).gather_seconds == 20 + 10


def test_a_partial_last_round_takes_full_time() -> None:
    # 17 chunks on 16 cores are two rounds, like 32.
    for chunks, rounds in ((16, 1), (17, 2), (32, 2), (33, 3)):
        work = Work(series=chunks * 1_000, chunks=chunks, bytes=0)
        assert fleet_time(work, INSTANCE, RATE, instances=1).forecast_seconds == rounds


def test_instances_are_billed_from_startup_until_gathering_ends() -> None:
    plan = size_fleet(WORK, INSTANCE, RATE, instances=4, deadline_seconds=None, quota=None, assumptions=ROUND)
    # 160 chunks each: 10 rounds of a second.
    assert plan.seconds == 240 + 10 + 20
    assert plan.startup_seconds == 240
    assert plan.cost_usd == pytest.approx(4 * (240 - 60 + 10 + 20) / 3600 * 0.922)
    assert plan.keeps_deadline is None
    assert plan.words == "4 x ml.m5.4xlarge, about 4 minutes, about $0.22"


def test_without_a_price_there_is_no_cost() -> None:
    instance = replace(INSTANCE, hourly_price=None)
    plan = size_fleet(WORK, instance, RATE, instances=4, deadline_seconds=None, quota=None, assumptions=ROUND)
    assert plan.cost_usd is None
    assert plan.words == "4 x ml.m5.4xlarge, about 4 minutes"


def test_without_a_deadline_the_fewest_instances_are_used() -> None:
    plan = size_fleet(WORK, INSTANCE, RATE, instances=None, deadline_seconds=None, quota=None)
    assert plan.instances == 1
    assert plan.keeps_deadline is None


def test_no_more_instances_than_chunks() -> None:
    few = Work(series=8_000, chunks=8, bytes=0)
    plan = size_fleet(few, INSTANCE, RATE, instances=12, deadline_seconds=None, quota=None)
    assert plan.instances == 8
    assert plan.notes == ("12 instances requested, but 8 chunks are left; the fleet uses 8",)
    one = Work(series=1_000, chunks=1, bytes=0)
    plan = size_fleet(one, INSTANCE, RATE, instances=2, deadline_seconds=1, quota=None, assumptions=ROUND)
    assert plan.instances == 1
    assert plan.notes == (
        "2 instances requested, but 1 chunk is left; the fleet uses 1",
        "no number of instances meets the deadline of 1 minute: startup alone takes 4 minutes",
    )


def test_no_more_instances_than_sagemakers_limit() -> None:
    plan = size_fleet(WORK, INSTANCE, RATE, instances=500, deadline_seconds=None, quota=None)
    assert plan.instances == 100
    assert plan.notes == ("500 instances requested, but a job may have at most 100; the fleet uses 100",)


def test_no_more_instances_than_the_quota() -> None:
    slow = Rate(5, measured=False, source="the test")  # 200 seconds per chunk
    plan = size_fleet(WORK, INSTANCE, slow, instances=None, deadline_seconds=1800, quota=4, assumptions=ROUND)
    assert plan.instances == 4
    assert plan.keeps_deadline is False
    assert plan.notes == (
        "with the quota of 4 instances, the fleet takes about 38 minutes, 8 more than the deadline; 6 would meet it",
    )
    asked = size_fleet(WORK, INSTANCE, slow, instances=9, deadline_seconds=None, quota=4, assumptions=ROUND)
    assert asked.notes == ("9 instances requested, but the quota is 4; the fleet uses 4",)
    none = size_fleet(WORK, INSTANCE, slow, instances=None, deadline_seconds=None, quota=0, assumptions=ROUND)
    assert none.instances == 1
    assert none.notes == ("the quota is 0, so no instance can start until it is raised",)


def test_a_requested_number_is_used_though_it_misses_the_deadline() -> None:
    slow = Rate(5, measured=False, source="the test")
    plan = size_fleet(WORK, INSTANCE, slow, instances=2, deadline_seconds=1800, quota=None, assumptions=ROUND)
    assert plan.instances == 2
    assert plan.notes == (
        "with 2 instances, the fleet takes about 71 minutes, 41 more than the deadline; 6 would meet it",
    )


def test_an_unreachable_deadline_is_not_paid_for() -> None:
    slow = Rate(5, measured=False, source="the test")
    plan = size_fleet(WORK, INSTANCE, slow, instances=None, deadline_seconds=300, quota=None, assumptions=ROUND)
    # 40 instances forecast all chunks in one round, so 100 are not faster.
    assert plan.instances == 40
    assert plan.notes == (
        "no number of instances meets the deadline of 5 minutes: the fastest takes 8 minutes, at least 4 minutes "
        "for startup and gathering",
    )


def test_the_disks_need_a_minimum_of_instances() -> None:
    work = replace(WORK, bytes=10**11)
    plan = size_fleet(work, INSTANCE, RATE, instances=None, deadline_seconds=None, quota=None, assumptions=ROUND)
    assert plan.instances == 5  # 250 GB unpacked
    assert disk_bytes(work, instances=5, assumptions=ROUND) == 50e9
    asked = size_fleet(work, INSTANCE, RATE, instances=2, deadline_seconds=None, quota=None, assumptions=ROUND)
    assert asked.instances == 5
    assert asked.notes == ("2 instances requested, but that is too few for disks of 50 GB; the fleet uses 5",)
    small = size_fleet(work, INSTANCE, RATE, instances=None, deadline_seconds=None, quota=2, assumptions=ROUND)
    assert small.notes == ("a disk of 50 GB is too small: each instance needs about 125 GB",)


@pytest.mark.parametrize("price", [None, 0.9])
def test_one_instance_gathers_if_nothing_is_left(price: float | None) -> None:
    instance, assumptions = replace(INSTANCE, hourly_price=price), replace(ROUND, gather_seconds_per_chunk=0.1)
    for deadline in (300, 299):
        plan = size_fleet(
            Work(0, 0, 0, done=400),
            instance,
            RATE,
            instances=3,
            deadline_seconds=deadline,
            quota=4,
            assumptions=assumptions,
        )
        assert plan.instances == 1
        assert plan.seconds == 240 + 20 + 40
        assert plan.cost_usd == (None if price is None else pytest.approx(240 / 3600 * 0.9))
        assert plan.keeps_deadline is (deadline == 300)
        assert plan.notes[0] == "no chunks are left to forecast, the fleet only gathers the results"
        assert len(plan.notes) == (1 if plan.keeps_deadline else 2)


def test_completed_chunks_are_assigned_and_loaded() -> None:
    work = Work(series=4_000, chunks=4, bytes=10**11, done=636)
    assert disk_bytes(work, instances=5, assumptions=ROUND) == 50e9
    time = fleet_time(work, INSTANCE, RATE, instances=5, assumptions=ROUND)
    assert (time.download_seconds, time.forecast_seconds) == (200, 1)
    for chunks in (4, 0):
        left = replace(work, chunks=chunks, done=640 - chunks)
        for asked in (None, 2, 5):
            plan = size_fleet(
                left, INSTANCE, RATE, instances=asked, deadline_seconds=None, quota=None, assumptions=ROUND
            )
            assert plan.instances == 5
    # All chunks of a lost instance may belong to one instance again.
    work = Work(series=40_000, chunks=40, bytes=0, done=600)
    for instances, rounds in ((1, 3), (16, 3), (32, 2), (40, 1)):
        assert fleet_time(work, INSTANCE, RATE, instances=instances).forecast_seconds == pytest.approx(
            rounds * DEFAULT_ASSUMPTIONS.slowest(instances)
        )


def test_a_deadline_missed_by_seconds_has_a_note() -> None:
    plan = size_fleet(WORK, INSTANCE, RATE, instances=4, deadline_seconds=265, quota=None, assumptions=ROUND)
    assert plan.notes == (
        "with 4 instances, the fleet takes about 4 minutes, seconds more than the deadline; 8 would meet it",
    )
