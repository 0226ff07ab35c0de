"""The words of a type and its rules are those that pydantic checks."""

from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field

from docs_pages.field_words import default_words, rule_words, type_words
from docs_pages.markdown import cell, table
from infra.settings.field_types import Days, Email, InstanceType, TrainingInstanceType


class Example(BaseModel):
    plain: str
    flag: bool = False
    large: int = Field(default=1_500_000, ge=10_000)
    days: Days | None = None
    share: Annotated[float, Field(gt=0, le=1)] | None = None
    kind: Literal["one", "two", "three"] = "two"
    number: Annotated[int, Field(ge=1, le=9)] | Literal["auto"] = "auto"
    emails: tuple[Email, ...] = ()
    levels: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = Field(default=(0.1, 0.9), min_length=1)
    prices: dict[InstanceType, Annotated[float, Field(gt=0)]] = Field(default_factory=dict, max_length=4)
    types: tuple[TrainingInstanceType, ...] = ()


@pytest.mark.parametrize(
    ("name", "type_", "rule", "default"),
    [
        ("plain", "text", "", "required"),
        ("flag", "true or false", "", "`false`"),
        ("large", "whole number", "at least 10,000", "`1_500_000`"),
        ("days", "whole number", "1 to 3,653", "none"),
        ("share", "number", "greater than 0, at most 1", "none"),
        ("kind", "text", '`"one"`, `"two"` or `"three"`', '`"two"`'),
        ("number", "whole number or text", '1 to 9 or `"auto"`', '`"auto"`'),
        ("emails", "list of texts", "each an e-mail address", "`[]`"),
        ("levels", "list of numbers", "not empty; each greater than 0, less than 1", "`[0.1, 0.9]`"),
        (
            "prices",
            "table of numbers",
            "at most 4 keys; each key an instance type such as ml.m5.xlarge; each value greater than 0",
            "`{}`",
        ),
        ("types", "list of texts", "each an instance type such as ml.m5.xlarge", "`[]`"),
    ],
)
def test_a_field_in_words(name: str, type_: str, rule: str, default: str) -> None:
    field = Example.model_fields[name]
    assert (type_words(field.annotation), rule_words(field), default_words(field)) == (type_, rule, default)


def test_a_type_without_words_is_an_error() -> None:
    with pytest.raises(KeyError):
        type_words(bytes)


def test_a_cell_cannot_end_the_row_or_begin_markup() -> None:
    assert cell("a | b\n<c> `<d> *` _e_ f_g *h*") == r"a \| b &lt;c> `<d> *` \_e\_ f_g \*h\*"
    assert table(("a", "b"), [("1", "2|3")]) == "| a | b |\n| --- | --- |\n| 1 | 2\\|3 |"
