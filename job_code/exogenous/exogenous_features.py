"""Static features and covariates of series."""

from dataclasses import dataclass, replace
from typing import Self

from job_code.exogenous.covariates import Covariates
from job_code.exogenous.static_features import StaticFeatures
from job_code.series.arrays import Booleans


@dataclass(frozen=True)
class Exogenous:
    """Static features and covariates of some series.

    Attributes:
        static: Features that never change.
        covariates: Variables per period that are known for the horizon.
    """

    static: StaticFeatures
    covariates: Covariates

    @classmethod
    def none(cls, series: int) -> Self:
        """Return an object without features for a number of series."""
        return cls(StaticFeatures.none(series), Covariates.none(series))

    def unmasked(self) -> Self:
        """Return the features without the mask, as the forecast uses them."""
        return replace(self, covariates=replace(self.covariates, mask=None))

    def select(self, series: Booleans) -> Self:
        """Return the features of the selected series."""
        return type(self)(self.static.select(series), self.covariates.select(series))
