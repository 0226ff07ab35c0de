"""The thresholds of the quality gate, which decides whether a run is published automatically."""

from dataclasses import dataclass, field
from typing import Any

# Keys of a field's metadata: its meaning, and the largest valid value of the threshold or None.
MEANING, MOST = "meaning", "most"


def _limit(meaning: str, *, most: float | None = None) -> Any:  # noqa: ANN401 (any field, as `field` itself returns)
    return field(default=None, metadata={MEANING: meaning, MOST: most})


@dataclass(frozen=True, kw_only=True)
class GateLimits:
    """Thresholds of a run. Each is greater than 0; None disables it. The metadata of each field has its meaning."""

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
