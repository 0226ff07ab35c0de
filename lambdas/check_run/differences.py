"""In what a run is not what its manifest, or its plan, says; each a few words."""

import base64
import binascii
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from contract.s3.keys import MANIFEST
from contract.s3.manifest import Manifest
from contract.state.run_state import PlanResult

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# A fleet leaves thousands of files.
LOOKS_AT_A_TIME = 24


def differences_from_plan(manifest: Manifest, *, run_id: str, plan: PlanResult) -> Iterator[str]:
    """What is another run than was planned."""
    found: dict[str, tuple[object, object]] = {
        "run_id": (manifest["run_id"], run_id),
        "partition": (manifest["partition"], plan["partition"]),
    }
    if "hyperparameters" in plan:
        found["horizon"] = manifest["horizon"], int(plan["hyperparameters"]["horizon"])
    if plan.get("cutoff") is not None:
        found["cutoff"] = manifest["cutoff"], plan["cutoff"]
    for name, (value, planned) in found.items():
        if value != planned:
            yield f"{name} is {value}, {planned} was planned"


def differences_in_rows(manifest: Manifest) -> Iterator[str]:
    """Numbers of rows that do not add up."""
    series, horizon, rows = manifest["series"], manifest["horizon"], manifest["rows"]
    if rows != series * horizon or rows == 0:
        yield f"{rows} rows for {series} series x {horizon} periods"
    listed = sum(file["rows"] for file in manifest["files"])
    if listed != rows:
        yield f"the files have {listed} rows, the run {rows}"


def differences_in_files(
    manifest: Manifest, *, present: set[str], s3: "S3Client", bucket: str, folder: str
) -> Iterator[str]:
    """Files that are missing, unlisted or other than the manifest says.

    Args:
        manifest: The run's.
        present: Names of what lies in its folder.
        s3: An S3 client.
        bucket: Bucket with the forecasts.
        folder: The run's, in it.
    """
    listed = {file["name"]: file for file in manifest["files"]}
    unlisted = sorted(present - listed.keys() - {MANIFEST})
    if unlisted:
        yield f"not in the manifest: {_some(unlisted)}"
    missing = sorted(listed.keys() - present)
    if missing:
        yield f"missing: {_some(missing)}"
    there = sorted(listed.keys() & present)

    def look(name: str) -> Mapping[str, Any]:
        head: Mapping[str, Any] = s3.head_object(Bucket=bucket, Key=folder + name, ChecksumMode="ENABLED")
        return head

    with ThreadPoolExecutor(LOOKS_AT_A_TIME) as looks:
        heads = list(looks.map(look, there))
    for name, head in zip(there, heads, strict=True):
        if head["ContentLength"] != listed[name]["bytes"]:
            yield f"{name} has {head['ContentLength']} bytes, the manifest says {listed[name]['bytes']}"
        elif "ChecksumSHA256" not in head:
            yield f"{name} carries no SHA-256 to compare with the manifest's"
        elif _hex(head["ChecksumSHA256"]) != listed[name]["sha256"]:
            yield f"{name} has another SHA-256 than the manifest says"


def _hex(checksum: str) -> str:
    """S3 gives checksums in base64; one of an upload in parts (`...-3`) is none of the whole object."""
    try:
        return base64.b64decode(checksum, validate=True).hex()
    except binascii.Error:
        return ""


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
