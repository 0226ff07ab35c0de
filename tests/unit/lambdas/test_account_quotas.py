"""Quotas are looked up by their names, over as few pages as it takes and for no longer than somebody waits."""

from typing import Any

import pytest

from lambdas.account_quotas.lookup import quota_values
from tests.unit.lambdas.test_preflight import Pages

ONE, TWO = "ml.m5.large for training job usage", "ml.m5.large for processing job usage"


def test_those_that_are_found_have_values() -> None:
    pages = Pages({"other": 9, ONE: 4.0}, {"another": 9})
    assert quota_values(pages, [ONE, TWO], most_seconds=30) == {ONE: 4.0}
    assert pages.read == 2


def test_no_page_is_read_after_the_last_was_found() -> None:
    pages = Pages({ONE: 4}, {TWO: 0}, {"other": 9})
    assert quota_values(pages, [TWO, ONE], most_seconds=30) == {ONE: 4, TWO: 0}
    assert pages.read == 2


def test_the_search_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 1000, 10))
    monkeypatch.setattr("lambdas.account_quotas.lookup.time.monotonic", lambda: next(clock))
    pages = Pages(*({f"other {number}": 1.0} for number in range(50)), {ONE: 4})
    assert quota_values(pages, [ONE], most_seconds=30) == {}
    assert pages.read == 4


def test_all_of_them_are_asked_of_sagemaker(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    def paginate(_self: Pages, **request: Any) -> Any:
        asked.update(request)
        return iter(())

    monkeypatch.setattr(Pages, "paginate", paginate)
    assert quota_values(Pages(), [ONE], most_seconds=30) == {}
    assert asked == {"ServiceCode": "sagemaker", "PaginationConfig": {"PageSize": 100}}
