"""The pointer of a partition: an object in S3 that names the published run."""

from contract.run_facts import RunFacts
from contract.state.run_record import Metrics, RunModel

SCHEMA_VERSION = 1


class Pointer(RunFacts):
    """The published run. `forecasts` is a URI, `manifest` and `report` are keys. Dates and times are ISO."""

    schema_version: int
    rows: int
    forecasts: str
    manifest: str
    report: str
    model: RunModel | None
    metrics: Metrics
    published_at: str
