"""The document of a stored model: a forecaster without its trees, as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from contract.calendar.frequencies import calendar_of
from contract.model_format import MODEL_FORMAT
from job_code.calibration.calibrator import ConformalCalibrator
from job_code.calibration.ensemble_weights import EnsembleWeights
from job_code.calibration.residual_quantiles import ResidualQuantiles
from job_code.calibration.scale_model import ResidualScaleModel
from job_code.config import ForecastConfig
from job_code.exogenous.covariate_encoding import CovariateEncoding
from job_code.exogenous.static_features import StaticEncoding
from job_code.features.feature_recipe import recipe_for
from job_code.forecasting.forecaster import Forecaster
from job_code.model.direct_model import DirectModel
from job_code.model.segment_model import DemandSegment, SegmentModel
from job_code.model.tree_predictor import TreePredictor
from job_code.runtime.versions import versions
from job_code.series.demand_classes import DEMAND_CLASSES
from job_code.series.frequency import Frequency

RESIDUAL_SCALE = "residual_scale"  # name of the residual scale model's trees; the others have their segment's name


@dataclass(frozen=True, kw_only=True)
class StoredTrees:
    """The file of one set of trees.

    Attributes:
        sha256: Checksum of the file, hexadecimal.
        features: Names of the features, in their order.
    """

    sha256: str
    features: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class StoredSegment:
    """A `SegmentModel` without its trees."""

    mean_to_median_ratio: float


@dataclass(frozen=True, kw_only=True)
class StoredResidualScale:
    """A `ResidualScaleModel` without its trees."""

    steps: int
    horizon_exponent: float


@dataclass(frozen=True, kw_only=True)
class StoredResidualQuantiles:
    """`ResidualQuantiles` as lists, shape (demand classes, steps, levels)."""

    levels: tuple[float, ...]
    values: list[list[list[float]]]

    @classmethod
    def of(cls, residuals: ResidualQuantiles) -> Self:
        """Turn the array into lists."""
        return cls(levels=residuals.levels, values=residuals.values.tolist())

    def restored(self) -> ResidualQuantiles:
        """Turn the lists into an array."""
        return ResidualQuantiles(self.levels, np.asarray(self.values, dtype=np.float64))


@dataclass(frozen=True, kw_only=True)
class ModelDocument:
    """A model without its trees. The fields have the names and the order of `model.json`."""

    model_format: int
    versions: Mapping[str, str]
    frequency: str
    configuration: ForecastConfig
    max_lookback: int
    segments: Mapping[str, StoredSegment]
    ensemble_weights: Mapping[str, EnsembleWeights]
    residual_scale: StoredResidualScale
    residuals: StoredResidualQuantiles
    count_residuals: StoredResidualQuantiles
    prior_relative_change: float
    static: StaticEncoding
    covariates: CovariateEncoding
    trees: Mapping[str, StoredTrees]
    record: str

    def __post_init__(self) -> None:
        """Check what types cannot express.

        Raises:
            ValueError: If a segment or a demand class is missing, or the frequency is unknown.
        """
        calendar_of(self.frequency)
        for field, found, wanted in (
            ("segments", self.segments, [segment.label for segment in DemandSegment]),
            ("ensemble_weights", self.ensemble_weights, DEMAND_CLASSES),
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
        model, calibrator = forecaster.model, forecaster.calibrator
        scale = calibrator.residual_scale
        return cls(
            model_format=MODEL_FORMAT,
            versions=versions(),
            frequency=forecaster.frequency.name,
            configuration=forecaster.config,
            max_lookback=model.max_lookback,
            segments={
                own.segment.label: StoredSegment(mean_to_median_ratio=own.mean_to_median_ratio)
                for own in model.segments
            },
            ensemble_weights=dict(zip(DEMAND_CLASSES, calibrator.ensemble_weights, strict=True)),
            residual_scale=StoredResidualScale(steps=scale.steps, horizon_exponent=scale.horizon_exponent),
            residuals=StoredResidualQuantiles.of(calibrator.residuals),
            count_residuals=StoredResidualQuantiles.of(calibrator.count_residuals),
            prior_relative_change=forecaster.prior_relative_change,
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
        frequency = Frequency.of(self.frequency, self.configuration.time_zone, self.configuration.period_label)
        segments = tuple(
            SegmentModel(segment, trees.get(name), self.segments[name].mean_to_median_ratio)
            for segment in DemandSegment
            for name in (segment.label,)
        )
        scale = self.residual_scale
        calibrator = ConformalCalibrator(
            ensemble_weights=tuple(self.ensemble_weights[name] for name in DEMAND_CLASSES),
            residual_scale=ResidualScaleModel(
                trees.get(RESIDUAL_SCALE), steps=scale.steps, horizon_exponent=scale.horizon_exponent
            ),
            residuals=self.residuals.restored(),
            count_residuals=self.count_residuals.restored(),
        )
        return Forecaster(
            model=DirectModel(self.max_lookback, segments, recipe_for(frequency)),
            calibrator=calibrator,
            prior_relative_change=self.prior_relative_change,
            encoding=self.static,
            covariates=self.covariates,
            config=self.configuration,
            frequency=frequency,
        )
