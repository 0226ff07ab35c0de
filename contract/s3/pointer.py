"""The pointer of a partition: one object in S3 that says which run its readers see."""

from contract.run_facts import RunFacts
from contract.state.run_record import Metrics, RunModel

SCHEMA_VERSION = 1


class Pointer(RunFacts):
    """The run that readers see: `forecasts` is a URI, `manifest` and `report` are keys; dates and times are ISO."""

    schema_version: int
    rows: int
    forecasts: str
    manifest: str
    report: str
    model: RunModel | None
    metrics: Metrics
    published_at: str
