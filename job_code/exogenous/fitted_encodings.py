"""Encodings of a trained model."""

from dataclasses import dataclass

from job_code.exogenous.covariate_encoding import CovariateEncoding
from job_code.exogenous.static_features import StaticEncoding


@dataclass(frozen=True, kw_only=True)
class FittedEncodings:
    """Encodings with which a trained model converts static columns and covariates to numbers.

    Attributes:
        static: Encoding of the static columns.
        covariates: Encoding of the covariates.
    """

    static: StaticEncoding
    covariates: CovariateEncoding
