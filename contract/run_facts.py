"""The fields that every document about a run has."""

from typing import TypedDict


class RunFacts(TypedDict):
    """Identity of a run, its forecast periods and its number of series. Dates are ISO."""

    run_id: str
    partition: str
    cutoff: str
    frequency: str
    horizon: int
    first_period: str
    last_period: str
    series: int
