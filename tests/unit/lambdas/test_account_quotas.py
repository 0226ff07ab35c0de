"""Quotas are looked up by their names, over as few pages as it takes and for no longer than somebody waits."""

from typing import Any

import pytest

from lambdas.shared.quotas import quota_values, unusable_last_choice
from tests.stand_ins import as_client
from tests.unit.lambdas.test_preflight import Pages

ONE, TWO = "ml.m5.large for training job usage", "ml.m5.large for processing job usage"


def test_those_that_are_found_have_values() -> None:
    pages = Pages({"other": 9, ONE: 4.0}, {"another": 9})
    assert quota_values(as_client(pages), [ONE, TWO], most_seconds=30) == {ONE: 4.0}
    assert pages.read == 2


def test_no_page_is_read_after_the_last_was_found() -> None:
    pages = Pages({ONE: 4}, {TWO: 0}, {"other": 9})
    assert quota_values(as_client(pages), [TWO, ONE], most_seconds=30) == {ONE: 4, TWO: 0}
    assert pages.read == 2


def test_the_search_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 1000, 10))
    monkeypatch.setattr("lambdas.shared.quotas.time.monotonic", lambda: next(clock))
    pages = Pages(*({f"other {number}": 1.0} for number in range(50)), {ONE: 4})
    assert quota_values(as_client(pages), [ONE], most_seconds=30) == {}
    assert pages.read == 4


def test_all_of_them_are_asked_of_sagemaker(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    def paginate(_self: Pages, **request: Any) -> Any:
        asked.update(request)
        return iter(())

    monkeypatch.setattr(Pages, "paginate", paginate)
    assert quota_values(as_client(Pages()), [ONE], most_seconds=30) == {}
    assert asked == {"ServiceCode": "sagemaker", "PaginationConfig": {"PageSize": 100}}


@pytest.mark.parametrize(
    ("quotas", "instead"),
    [
        ((1, 0, 0), '["a"]'),
        ((0, 2, 0), '["a", "b"]'),  # the first is passed over at once
        ((None, None, 0), '["a", "b"]'),
        ((None, 0, 0), '["a"]'),
        ((1, 1, 1), None),
        ((0, 0, 1), None),
        ((1, 1, None), None),  # not known: nothing is said of it
        ((0, 0, 0), None),  # nothing may run, which is told otherwise
        ((0,), None),
        ((1,), None),
    ],
)
def test_what_would_be_waited_for_in_vain(quotas: tuple[int | None, ...], instead: str | None) -> None:
    tried = [(name, f"{name} for training job usage") for name in "abc"[: len(quotas)]]
    known = {name: float(value) for (_, name), value in zip(tried, quotas, strict=True) if value is not None}
    told = unusable_last_choice(tried, known, key="training_job.instance_types")
    if instead is None:
        assert told is None
    else:
        assert told is not None
        assert told.startswith("0 c for training job usage: where what comes before it is used up, a job waits")
        assert f"in vain; write training_job.instance_types = {instead}, or ask for at least 1" in told


def test_of_one_type_on_spot_and_on_demand_there_is_no_other_order() -> None:
    tried = [("a", "a for spot training job usage"), ("a", "a for training job usage")]
    told = unusable_last_choice(tried, {tried[0][1]: 1, tried[1][1]: 0}, key="training_job.instance_types")
    assert told is not None
    assert "write" not in told
