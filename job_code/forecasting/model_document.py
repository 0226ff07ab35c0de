"""The document of a stored model: what a forecaster knows beside its trees, as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from contract.model_format import MODEL_FORMAT
from contract.periods import unit_of
from job_code.calibration.calibrator import Calibration
from job_code.calibration.ensemble_weights import Combination
from job_code.calibration.residual_quantiles import ErrorDistribution
from job_code.calibration.scale_model import Spread
from job_code.config import ForecastConfig
from job_code.exogenous.covariate_encoding import CovariateEncoding
from job_code.exogenous.static_features import StaticEncoding
from job_code.features.feature_recipe import recipe_for
from job_code.forecasting.forecaster import Forecaster
from job_code.model.direct_model import DirectModel
from job_code.model.segment_model import Learnt, Regime
from job_code.model.tree_predictor import TreePredictor
from job_code.runtime.versions import versions
from job_code.series.demand_classes import KINDS
from job_code.series.frequency import Frequency

OF_SPREAD = "spread"  # the name of the trees that learnt the spread; others have that of their regime


@dataclass(frozen=True, kw_only=True)
class StoredTrees:
    """The file of one set of trees.

    Attributes:
        sha256: Its checksum, hexadecimal.
        features: Names of the features, in their order.
    """

    sha256: str
    features: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class StoredRegime:
    """What was learnt of one regime, beside its trees."""

    skew: float


@dataclass(frozen=True, kw_only=True)
class StoredSpread:
    """What was learnt of the spread, beside its trees."""

    steps: int
    growth: float


@dataclass(frozen=True, kw_only=True)
class StoredErrors:
    """An error distribution whose offsets are lists, shape (kinds, steps, levels)."""

    levels: tuple[float, ...]
    offsets: list[list[list[float]]]

    @classmethod
    def of(cls, errors: ErrorDistribution) -> Self:
        """Turn the array into lists."""
        return cls(levels=errors.levels, offsets=errors.offsets.tolist())

    def restored(self) -> ErrorDistribution:
        """Turn the lists into an array."""
        return ErrorDistribution(self.levels, np.asarray(self.offsets, dtype=np.float64))


@dataclass(frozen=True, kw_only=True)
class ModelDocument:
    """All of a model but its trees; the fields have the names and the order of `model.json`."""

    model_format: int
    versions: Mapping[str, str]
    frequency: str
    configuration: ForecastConfig
    memory: int
    regimes: Mapping[str, StoredRegime]
    combinations: Mapping[str, Combination]
    spread: StoredSpread
    errors: StoredErrors
    count_errors: StoredErrors
    typical_change: float
    static: StaticEncoding
    covariates: CovariateEncoding
    trees: Mapping[str, StoredTrees]
    record: str

    def __post_init__(self) -> None:
        """Check what no type can say.

        Raises:
            ValueError: If a regime or a kind of series is missing, or the calendar is none.
        """
        unit_of(self.frequency)
        for field, found, wanted in (
            ("regimes", self.regimes, [regime.name.lower() for regime in Regime]),
            ("combinations", self.combinations, KINDS),
        ):
            missing = [name for name in wanted if name not in found]
            if missing:
                raise ValueError(f"{field}: {', '.join(missing)} is missing")

    @classmethod
    def of(cls, forecaster: Forecaster, trees: Mapping[str, StoredTrees], *, record: str) -> Self:
        """Describe a forecaster.

        Args:
            forecaster: The forecaster.
            trees: The files of its trees, by name.
            record: Checksum of the record of its training.
        """
        model, calibration = forecaster.model, forecaster.calibration
        return cls(
            model_format=MODEL_FORMAT,
            versions=versions(),
            frequency=forecaster.frequency.name,
            configuration=forecaster.config,
            memory=model.memory,
            regimes={learnt.regime.name.lower(): StoredRegime(skew=learnt.skew) for learnt in model.learnt},
            combinations=dict(zip(KINDS, calibration.combinations, strict=True)),
            spread=StoredSpread(steps=calibration.spread.steps, growth=calibration.spread.growth),
            errors=StoredErrors.of(calibration.errors),
            count_errors=StoredErrors.of(calibration.count_errors),
            typical_change=forecaster.typical_change,
            static=forecaster.encoding,
            covariates=forecaster.covariates,
            trees=trees,
            record=record,
        )

    def forecaster(self, trees: Mapping[str, TreePredictor]) -> Forecaster:
        """Restore the forecaster.

        Args:
            trees: Its trees, by name.
        """
        frequency = Frequency(self.frequency)
        learnt = tuple(
            Learnt(regime, trees.get(name), self.regimes[name].skew)
            for regime in Regime
            for name in (regime.name.lower(),)
        )
        calibration = Calibration(
            combinations=tuple(self.combinations[kind] for kind in KINDS),
            spread=Spread(trees.get(OF_SPREAD), steps=self.spread.steps, growth=self.spread.growth),
            errors=self.errors.restored(),
            count_errors=self.count_errors.restored(),
        )
        return Forecaster(
            model=DirectModel(self.memory, learnt, recipe_for(frequency)),
            calibration=calibration,
            typical_change=self.typical_change,
            encoding=self.static,
            covariates=self.covariates,
            config=self.configuration,
            frequency=frequency,
        )
