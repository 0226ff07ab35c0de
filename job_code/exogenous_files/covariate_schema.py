"""Schema of a table of covariates."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class CovariateSchema:
    """Usable columns of one table.

    Attributes:
        numeric: Numeric columns.
        categorical: Values of each text column. A value is encoded as its position, any other value as missing.
        positive: Numeric columns whose values are always above zero.
        known_until: Latest moment with a value of each column, in minutes since 1970-01-01. Columns that are known
            for all periods, such as public holidays, have no entry.
    """

    numeric: tuple[str, ...] = ()
    categorical: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    positive: tuple[str, ...] = ()
    known_until: Mapping[str, int] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns, in the order of the values."""
        return (*self.numeric, *self.categorical)
