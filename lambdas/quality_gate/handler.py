"""Reject a run that exceeds a threshold. The run is kept, and readers keep the last published run."""

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
from lambdas.shared.logs import log_invocation
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
        """Read a JSON object; return None if the S3 object is missing or does not contain one."""
        try:
            found = read_object(self.s3, bucket=self.bucket, key=key)
            if found is None:
                return None
            content = json.loads(found[0], parse_constant=lambda _: None)
        except (ValueError, FlexibleChecksumError):
            return None
        return content if isinstance(content, dict) else None


@log_invocation
def handler(event: RunState, _context: object) -> GateVerdict:
    """Handle the state QualityGate."""
    environment = QualityGateEnvironment.from_environment(os.environ)
    runs = JsonObjects(_client("s3"), environment.forecast_bucket)
    return quality_gate(event["run"], limits=environment.limits, runs=runs)


def quality_gate(run: CheckedRun, *, limits: GateLimits, runs: JsonObjects) -> GateVerdict:
    """Compare a run's backtest with the thresholds, and the run with the last published run.

    Args:
        run: A checked run.
        limits: The thresholds.
        runs: Bucket with the runs.

    Returns:
        `passed` (True) and the `run_id` of the published run it was compared with, or None.

    Raises:
        QualityGateFailed: If the run exceeds a threshold, with all violations. The function also writes them next
            to the run.
        IncompleteRun: If the run's manifest is missing or unreadable.
    """
    pointer = runs.read(pointer_key(run["partition"]))
    if pointer and str(pointer.get("cutoff") or "") > run["cutoff"]:  # Publish will mark it superseded, not publish it
        return {"passed": True, "compared_with": None}
    before = runs.read(str(pointer.get("manifest"))) if pointer else None
    manifest = runs.read(run["manifest"])
    if manifest is None:
        raise IncompleteRun(f"CheckRun read s3://{runs.bucket}/{run['manifest']}, but now it is missing or unreadable")
    found = problems(manifest, before, limits)
    if not found:
        return {"passed": True, "compared_with": before["run_id"] if before else None}
    marker = RunKeys(partition=run["partition"], run_id=run["run_id"]).gate_violations
    body = json.dumps({"run_id": run["run_id"], "pending_approval": found}, indent=1).encode()
    runs.s3.put_object(Bucket=runs.bucket, Key=marker, Body=body, ContentType="application/json")
    report = f"s3://{runs.bucket}/{run['report']}"
    by_hand = json.dumps({"publish": run["run_id"]})
    raise QualityGateFailed(
        f"{'; '.join(found)}. Report: {report}. To publish the run anyway, start an execution with {by_hand}"
    )
