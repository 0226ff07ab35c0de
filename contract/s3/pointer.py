"""The pointer of a partition: one object in S3 that says which run its readers see."""

from typing import TypedDict

from contract.state.run_record import Metrics, RunModel

SCHEMA_VERSION = 1


class Pointer(TypedDict):
    """The run that readers see: `forecasts` is a URI, `manifest` and `report` are keys; dates and times are ISO."""

    schema_version: int
    partition: str
    run_id: str
    cutoff: str
    frequency: str
    horizon: int
    first_period: str
    last_period: str
    series: int
    rows: int
    forecasts: str
    manifest: str
    report: str
    model: RunModel | None
    metrics: Metrics
    published_at: str
