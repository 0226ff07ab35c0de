"""The environments of the functions after the job: check, gate, publish, explain a failure and close a run."""

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
    """Environment of CheckRun.

    Attributes:
        forecast_bucket: Bucket with the runs.
        hourly_prices: Price of an hour in US dollars, by instance type.
    """

    FUNCTION: ClassVar[str] = "check-run"

    forecast_bucket: str
    hourly_prices: Mapping[str, float] = field(metadata=as_json())


@dataclass(frozen=True, kw_only=True)
class QualityGateEnvironment(FunctionEnvironment):
    """Environment of QualityGate.

    Attributes:
        forecast_bucket: Bucket with the runs.
        limits: Thresholds of the gate.
    """

    FUNCTION: ClassVar[str] = "quality-gate"

    forecast_bucket: str
    limits: GateLimits = field(metadata=as_text(parse=_read_limits, write=_write_limits))


@dataclass(frozen=True, kw_only=True)
class PublishEnvironment(FunctionEnvironment):
    """Environment of Publish.

    Attributes:
        forecast_bucket: Bucket with the runs and the pointers.
        table: Name of the run registry.
        database: Name of the Glue database.
    """

    FUNCTION: ClassVar[str] = "publish"

    forecast_bucket: str
    table: str
    database: str


@dataclass(frozen=True, kw_only=True)
class ExplainFailureEnvironment(FunctionEnvironment):
    """Environment of ExplainFailure. The deployment's name begins its messages."""

    FUNCTION: ClassVar[str] = "explain-failure"


@dataclass(frozen=True, kw_only=True)
class CloseRunEnvironment(FunctionEnvironment):
    """Environment of CloseRun.

    Attributes:
        forecast_bucket: Bucket with the runs and the pointers.
        table: Name of the run registry.
        hourly_prices: Price of an hour in US dollars, by instance type.
    """

    FUNCTION: ClassVar[str] = "close-run"

    forecast_bucket: str
    table: str
    hourly_prices: Mapping[str, float] = field(metadata=as_json())


@dataclass(frozen=True, kw_only=True)
class FailExecutionEnvironment(FunctionEnvironment):
    """Environment of FailExecution, which reads no variable."""

    FUNCTION: ClassVar[str] = "fail-execution"
