"""What every document about a run says of it."""

from typing import TypedDict


class RunFacts(TypedDict):
    """Which run it is, and which periods of how many series it forecasts. Dates are ISO."""

    run_id: str
    partition: str
    cutoff: str
    frequency: str
    horizon: int
    first_period: str
    last_period: str
    series: int
