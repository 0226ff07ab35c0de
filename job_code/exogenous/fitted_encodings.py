"""The encodings that a model was trained with."""

from dataclasses import dataclass

from job_code.exogenous.covariate_encoding import CovariateEncoding
from job_code.exogenous.static_features import StaticEncoding


@dataclass(frozen=True, kw_only=True)
class FittedEncodings:
    """How a trained model turns static columns and covariates into numbers.

    Attributes:
        static: The encoding of the static columns.
        covariates: The encoding of the covariates.
    """

    static: StaticEncoding
    covariates: CovariateEncoding
