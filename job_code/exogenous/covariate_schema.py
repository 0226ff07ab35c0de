"""What a table of covariates holds, wherever its values lie."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class CovariateSchema:
    """The columns of one table that are used.

    Attributes:
        numeric: Columns of numbers.
        categorical: Values of each column of text; each becomes its position, any other is unknown.
        positive: Columns of numbers that are always above zero.
        known_until: The latest day each column is known for, counted from 1970-01-01; columns that are known for all
            of time have none.
    """

    numeric: tuple[str, ...] = ()
    categorical: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    positive: tuple[str, ...] = ()
    known_until: Mapping[str, int] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """All columns, in the order of their values."""
        return (*self.numeric, *self.categorical)
