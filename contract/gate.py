"""The thresholds of the quality gate, which decides whether a run is published by itself."""

from dataclasses import dataclass, field

# Metadata of a field: the largest value that a threshold can have.
MOST = "most"


@dataclass(frozen=True, kw_only=True)
class GateLimits:
    """What a run must keep to; None switches a threshold off. Each is greater than 0.

    Attributes:
        max_wape_ratio: WAPE of the backtest over that of seasonal naive.
        max_bias: Bias of the backtest, either way, as a share of demand.
        max_coverage_gap: How far the share of demand within the outer quantiles may be from what it should be.
        min_series_share: Series over those of the last published run.
        max_change: Change of all expected demand against the last published run, over the periods of both.
    """

    max_wape_ratio: float | None = None
    max_bias: float | None = None
    max_coverage_gap: float | None = field(default=None, metadata={MOST: 1})
    min_series_share: float | None = field(default=None, metadata={MOST: 1})
    max_change: float | None = None
