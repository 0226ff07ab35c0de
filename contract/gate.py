"""The thresholds of the quality gate, which decides whether a run is published automatically."""

from dataclasses import dataclass, field

# Key of a field's metadata: the largest valid value of the threshold.
MOST = "most"


@dataclass(frozen=True, kw_only=True)
class GateLimits:
    """Thresholds of a run. Each is greater than 0; None disables it.

    Attributes:
        max_wape_ratio: WAPE of the backtest divided by the WAPE of seasonal naive.
        max_bias: Absolute bias of the backtest, as a share of demand.
        max_coverage_gap: Absolute difference between actual and nominal coverage of the prediction interval.
        min_series_share: Number of series divided by that of the last published run.
        max_change: Relative change of the total forecast from the last published run, over the periods of both.
    """

    max_wape_ratio: float | None = None
    max_bias: float | None = None
    max_coverage_gap: float | None = field(default=None, metadata={MOST: 1})
    min_series_share: float | None = field(default=None, metadata={MOST: 1})
    max_change: float | None = None
