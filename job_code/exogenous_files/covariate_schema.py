"""Schema of a table of covariates."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from job_code.config import CovariateRule
from job_code.series.frequency import Frequency


@dataclass(frozen=True, kw_only=True)
class CovariateSchema:
    """Usable columns of one table.

    Attributes:
        numeric: Numeric columns.
        categorical: Values of each text column. A value is encoded as its position, any other value as missing.
        positive: Numeric columns whose values are always above zero.
        known_until: Latest moment with a value of each column, in minutes since 1970-01-01. Columns that are known
            for all periods, such as public holidays, have no entry.
        rules: How several rows become one value. Each row of a column without a rule must be a period.
        defaults: Encoded values of columns in periods without a value.
    """

    numeric: tuple[str, ...] = ()
    categorical: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    positive: tuple[str, ...] = ()
    known_until: Mapping[str, int] = field(default_factory=dict)
    rules: Mapping[str, CovariateRule] = field(default_factory=dict)
    defaults: Mapping[str, float] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns, in the order of the values."""
        return (*self.numeric, *self.categorical)

    def is_known_until(self, name: str, period: int, frequency: Frequency) -> bool:
        """Return whether a column has no value after a period of the demand's calendar."""
        until = self.known_until.get(name)
        return until is not None and int(frequency.periods(np.array([until]))[0]) <= period

    @property
    def held(self) -> tuple[bool, ...]:
        """Whether a value of each column lasts until the next row of its key."""
        return tuple(self.rules.get(name) == "hold" for name in self.names)
