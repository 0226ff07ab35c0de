"""What is known of series beside their demand."""

from dataclasses import dataclass, replace
from typing import Self

from job_code.exogenous.covariates import Covariates
from job_code.exogenous.static_features import StaticFeatures
from job_code.series.arrays import Booleans


@dataclass(frozen=True)
class Exogenous:
    """What is known of some series beside their demand.

    Attributes:
        static: What never changes.
        covariates: What changes from period to period, and is known beforehand.
    """

    static: StaticFeatures
    covariates: Covariates

    @classmethod
    def none(cls, series: int) -> Self:
        """Nothing, for a number of series."""
        return cls(StaticFeatures.none(series), Covariates.none(series))

    def unmasked(self) -> Self:
        """All that is known, as it is when the run itself forecasts."""
        return replace(self, covariates=replace(self.covariates, mask=None))

    def select(self, series: Booleans) -> Self:
        """Keeps some of the series."""
        return type(self)(self.static.select(series), self.covariates.select(series))
