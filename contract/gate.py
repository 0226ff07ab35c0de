"""The thresholds of the quality gate, which decides whether a run is published automatically."""

from dataclasses import dataclass, field
from typing import Any

# Keys of a field's metadata: its meaning, the largest valid value or None, and whether 0 is valid.
MEANING, MOST, MAY_BE_ZERO = "meaning", "most", "may_be_zero"


# Any: the type of a field, as `field` itself returns.
def _limit(meaning: str, *, most: float | None = None, may_be_zero: bool = False) -> Any:  # noqa: ANN401
    return field(default=None, metadata={MEANING: meaning, MOST: most, MAY_BE_ZERO: may_be_zero})


@dataclass(frozen=True, kw_only=True)
class GateLimits:
    """Thresholds of a run. None disables one. The metadata of each field has its meaning and its range."""

    max_wape_ratio: float | None = _limit("Maximum WAPE of the backtest, divided by the WAPE of seasonal naive.")
    max_bias: float | None = _limit("Maximum absolute bias of the backtest, as a share of demand.")
    max_coverage_gap: float | None = _limit(
        "Maximum difference between actual and nominal coverage of the prediction interval.", most=1
    )
    min_series_share: float | None = _limit(
        "Minimum number of series, divided by the number of the last published run.", most=1
    )
    max_change: float | None = _limit(
        "Maximum relative change of the total forecast from the last published run, over the periods of both."
    )
    max_warnings: float | None = _limit(
        "Maximum number of data-quality warnings. A warning says that forecasts are probably wrong.", may_be_zero=True
    )
