"""The environments of the functions after the job: check, judge and publish a run, or explain and note its failure."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import ClassVar

from contract.environments.variables import FunctionEnvironment, as_json, as_text
from contract.gate import GateLimits


def _read_limits(text: str) -> GateLimits:
    return GateLimits(**json.loads(text))


def _write_limits(limits: GateLimits) -> str:
    return json.dumps({name: value for name, value in asdict(limits).items() if value is not None})


@dataclass(frozen=True, kw_only=True)
class CheckRunEnvironment(FunctionEnvironment):
    """Where runs lie, and what their jobs cost.

    Attributes:
        forecast_bucket: Bucket with the runs.
        hourly_prices: By instance type.
    """

    FUNCTION: ClassVar[str] = "check-run"

    forecast_bucket: str
    hourly_prices: Mapping[str, float] = field(metadata=as_json())


@dataclass(frozen=True, kw_only=True)
class QualityGateEnvironment(FunctionEnvironment):
    """Where runs lie, and what they must keep to.

    Attributes:
        forecast_bucket: Bucket with the runs.
        limits: What a run must keep to.
    """

    FUNCTION: ClassVar[str] = "apply-gate"

    forecast_bucket: str
    limits: GateLimits = field(metadata=as_text(parse=_read_limits, write=_write_limits))


@dataclass(frozen=True, kw_only=True)
class PublishEnvironment(FunctionEnvironment):
    """Where runs are published.

    Attributes:
        forecast_bucket: Bucket with the runs, and the pointers to what readers see.
        table: Name of the run registry.
        database: Name of the Glue database.
    """

    FUNCTION: ClassVar[str] = "publish"

    forecast_bucket: str
    table: str
    database: str


@dataclass(frozen=True, kw_only=True)
class ExplainFailureEnvironment(FunctionEnvironment):
    """What the message of a failure begins with: the deployment."""

    FUNCTION: ClassVar[str] = "explain-failure"


@dataclass(frozen=True, kw_only=True)
class CloseRunEnvironment(FunctionEnvironment):
    """Where runs are registered, and what their jobs cost.

    Attributes:
        forecast_bucket: Bucket with the runs, and the pointers to what readers see.
        table: Name of the run registry.
        hourly_prices: By instance type.
    """

    FUNCTION: ClassVar[str] = "close-run"

    forecast_bucket: str
    table: str
    hourly_prices: Mapping[str, float] = field(metadata=as_json())


@dataclass(frozen=True, kw_only=True)
class FailExecutionEnvironment(FunctionEnvironment):
    """What every function has; this one reads none of it."""

    FUNCTION: ClassVar[str] = "end-failed"
