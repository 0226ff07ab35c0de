"""Holds a run back that is worse than it may be: it is kept, and readers go on with the last published one."""

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import FlexibleChecksumError

from contract.environments.after_job import QualityGateEnvironment
from contract.function_errors import IncompleteRun, QualityGateFailed
from contract.gate import GateLimits
from contract.s3.keys import RunKeys, pointer_key
from contract.state.run_record import CheckedRun
from contract.state.run_state import GateVerdict, RunState
from lambdas.shared.clients import clients
from lambdas.shared.logs import logged
from lambdas.shared.s3_objects import read_object

from .verdict import problems

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_client = clients()


@dataclass(frozen=True)
class JsonObjects:
    """The JSON objects of a bucket.

    Attributes:
        s3: An S3 client.
        bucket: Bucket with the forecasts.
    """

    s3: "S3Client"
    bucket: str

    def read(self, key: str) -> dict[str, Any] | None:
        """Reads a JSON object; None where there is none of that name, or nothing that could be one."""
        try:
            found = read_object(self.s3, bucket=self.bucket, key=key)
            if found is None:
                return None
            content = json.loads(found[0], parse_constant=lambda _: None)
        except (ValueError, FlexibleChecksumError):
            return None
        return content if isinstance(content, dict) else None


@logged
def handler(event: RunState, _context: object) -> GateVerdict:
    """Answers the state machine's QualityGate state."""
    environment = QualityGateEnvironment.from_environment(os.environ)
    runs = JsonObjects(_client("s3"), environment.forecast_bucket)
    return quality_gate(event["run"], limits=environment.limits, runs=runs)


def quality_gate(run: CheckedRun, *, limits: GateLimits, runs: JsonObjects) -> GateVerdict:
    """Judges a run by its backtest, and by the last published run.

    Args:
        run: A checked run.
        limits: What it must keep to.
        runs: Where it lies.

    Returns:
        `passed` (True) and the `run_id` of the published run it was compared with, or None.

    Raises:
        QualityGateFailed: With everything that is beyond its limit; the run is marked as held.
        IncompleteRun: If there is nothing to judge.
    """
    pointer = runs.read(pointer_key(run["partition"]))
    if pointer and str(pointer.get("cutoff") or "") > run["cutoff"]:  # it will be kept, and not shown
        return {"passed": True, "compared_with": None}
    before = runs.read(str(pointer.get("manifest"))) if pointer else None
    manifest = runs.read(run["manifest"])
    if manifest is None:
        raise IncompleteRun(f"s3://{runs.bucket}/{run['manifest']} was there a moment ago, and cannot be read any more")
    found = problems(manifest, before, limits)
    if not found:
        return {"passed": True, "compared_with": before["run_id"] if before else None}
    marker = RunKeys(partition=run["partition"], run_id=run["run_id"]).held
    body = json.dumps({"run_id": run["run_id"], "pending_approval": found}, indent=1).encode()
    runs.s3.put_object(Bucket=runs.bucket, Key=marker, Body=body, ContentType="application/json")
    report = f"s3://{runs.bucket}/{run['report']}"
    by_hand = json.dumps({"publish": run["run_id"]})
    raise QualityGateFailed(f"{'; '.join(found)}. The report: {report}. To publish it all the same, start {by_hand}")
