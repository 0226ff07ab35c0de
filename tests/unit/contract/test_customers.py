"""Names of customers are safe in keys and patterns, and different for different customers."""

import fnmatch
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.customers import MAX_NAME, customer_name, is_customer_name, target_model, target_pattern

VALUES = st.lists(st.text(min_size=1), min_size=1, max_size=3)


@pytest.mark.parametrize(
    ("values", "name"),
    [
        (["acme"], "acme"),
        (["customer_0-1"], "customer_0-1"),
        (["Acme"], "=41cme"),
        (["a.b"], "a.b"),
        ([".."], "=2E=2E"),
        (["../../models/x"], "=2E=2E=2F=2E=2E=2Fmodels=2Fx"),
        (["*"], "=2A"),
        (["a?b"], "a=3Fb"),
        (["${aws:x}"], "=24=7Baws=3Ax=7D"),
        (["é x"], "=C3=A9=20x"),
        (["de", "shop,1"], "de,shop=2C1"),
    ],
)
def test_names_of_typical_and_hostile_customers(values: list[str], name: str) -> None:
    assert customer_name(values) == name
    assert is_customer_name(name)


@given(VALUES, VALUES)
def test_different_customers_have_different_names(one: list[str], other: list[str]) -> None:
    assert (customer_name(one) == customer_name(other)) == (one == other)


@given(VALUES)
def test_a_name_is_one_part_of_a_key_and_no_pattern(values: list[str]) -> None:
    name = customer_name(values)
    assert is_customer_name(name)
    assert len(name.encode()) <= MAX_NAME
    assert name == name.lower() or re.search("=[0-9A-F]{2}", name)
    assert not set(name) & set("*?[]${}/\\ ")
    assert ".." not in name


@given(VALUES, VALUES)
def test_the_pattern_of_a_customer_matches_its_models_only(one: list[str], other: list[str]) -> None:
    pattern = target_pattern(customer_name(one))
    for version in ("onejob-prod-20261116", "v2"):
        assert fnmatch.fnmatchcase(target_model(version, customer_name(one)), pattern)
        assert fnmatch.fnmatchcase(target_model(version, customer_name(other)), pattern) == (one == other)


@pytest.mark.parametrize("text", ["", ".", "..", "a/b", "A", "a b", "=4", "=4g", "*", "a" * 201, ".a"])
def test_other_texts_are_no_names(text: str) -> None:
    assert not is_customer_name(text)
