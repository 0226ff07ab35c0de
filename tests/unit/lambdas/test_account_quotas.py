"""Quotas are found by name, with as few pages as possible and a time limit."""

from typing import Any

import pytest

from lambdas.shared.quotas import quota_values, unusable_last_choice
from tests.stand_ins import as_client
from tests.unit.lambdas.test_preflight import Pages

ONE, TWO = "ml.m5.large for training job usage", "ml.m5.large for processing job usage"


def test_found_quotas_have_values() -> None:
    pages = Pages({"other": 9, ONE: 4.0}, {"another": 9})
    assert quota_values(as_client(pages), [ONE, TWO], most_seconds=30) == {ONE: 4.0}
    assert pages.read == 2


def test_the_search_ends_when_all_are_found() -> None:
    pages = Pages({ONE: 4}, {TWO: 0}, {"other": 9})
    assert quota_values(as_client(pages), [TWO, ONE], most_seconds=30) == {ONE: 4, TWO: 0}
    assert pages.read == 2


def test_the_search_has_a_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 1000, 10))
    monkeypatch.setattr("lambdas.shared.quotas.time.monotonic", lambda: next(clock))
    pages = Pages(*({f"other {number}": 1.0} for number in range(50)), {ONE: 4})
    assert quota_values(as_client(pages), [ONE], most_seconds=30) == {}
    assert pages.read == 4


def test_the_search_asks_for_sagemakers_quotas(monkeypatch: pytest.MonkeyPatch) -> None:
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
        ((0, 2, 0), '["a", "b"]'),  # the first is skipped
        ((None, None, 0), '["a", "b"]'),
        ((None, 0, 0), '["a"]'),
        ((1, 1, 1), None),
        ((0, 0, 1), None),
        ((1, 1, None), None),  # unknown: no warning
        ((0, 0, 0), None),  # nothing may run, which another check reports
        ((0,), None),
        ((1,), None),
    ],
)
def test_a_last_choice_with_quota_0_is_a_warning(quotas: tuple[int | None, ...], instead: str | None) -> None:
    tried = [(name, f"{name} for training job usage") for name in "abc"[: len(quotas)]]
    known = {name: float(value) for (_, name), value in zip(tried, quotas, strict=True) if value is not None}
    warning = unusable_last_choice(tried, known, key="training_job.instance_types")
    if instead is None:
        assert warning is None
    else:
        assert warning is not None
        assert warning.startswith("the quota c for training job usage is 0, so a job waits for hours and then fails")
        assert f"busy; set training_job.instance_types = {instead}, or request at least 1" in warning


def test_one_type_on_spot_and_on_demand_has_no_other_order() -> None:
    tried = [("a", "a for spot training job usage"), ("a", "a for training job usage")]
    warning = unusable_last_choice(tried, {tried[0][1]: 1, tried[1][1]: 0}, key="training_job.instance_types")
    assert warning is not None
    assert "set " not in warning
