"""Find differences between a run's files, its manifest and its plan, and describe them in a few words each."""

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

# A fleet writes thousands of files.
CONCURRENT_READS = 24


def differences_from_plan(manifest: Manifest, *, run_id: str, plan: PlanResult) -> Iterator[str]:
    """Yield the fields in which the manifest differs from the plan."""
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
            yield f"{name} is {value}, but {planned} was planned"


def differences_in_rows(manifest: Manifest) -> Iterator[str]:
    """Yield the numbers of rows that do not add up."""
    series, horizon, rows = manifest["series"], manifest["horizon"], manifest["rows"]
    if rows != series * horizon or rows == 0:
        yield f"{rows} rows for {series} series x {horizon} periods"
    listed = sum(file["rows"] for file in manifest["files"])
    if listed != rows:
        yield f"the files have {listed} rows, the manifest has {rows}"


def differences_in_files(
    manifest: Manifest, *, present: set[str], s3: "S3Client", bucket: str, folder: str
) -> Iterator[str]:
    """Yield the files that are missing, unlisted, or different from the manifest.

    Args:
        manifest: Manifest of the run.
        present: Names of the files under the run's prefix.
        s3: An S3 client.
        bucket: Bucket with the forecasts.
        folder: Prefix of the run in the bucket.
    """
    listed = {file["name"]: file for file in manifest["files"]}
    unlisted = sorted(present - listed.keys() - {MANIFEST})
    if unlisted:
        yield f"not in the manifest: {_some(unlisted)}"
    missing = sorted(listed.keys() - present)
    if missing:
        yield f"missing: {_some(missing)}"
    there = sorted(listed.keys() & present)

    def read_head(name: str) -> Mapping[str, Any]:
        head: Mapping[str, Any] = s3.head_object(Bucket=bucket, Key=folder + name, ChecksumMode="ENABLED")
        return head

    with ThreadPoolExecutor(CONCURRENT_READS) as reads:
        heads = list(reads.map(read_head, there))
    for name, head in zip(there, heads, strict=True):
        if head["ContentLength"] != listed[name]["bytes"]:
            yield f"{name} has {head['ContentLength']} bytes, the manifest has {listed[name]['bytes']}"
        elif "ChecksumSHA256" not in head:
            yield f"{name} has no SHA-256 in S3 to compare with the manifest"
        elif _hex(head["ChecksumSHA256"]) != listed[name]["sha256"]:
            yield f"{name} has a different SHA-256 than in the manifest"


def _hex(checksum: str) -> str:
    """Convert S3's base64 checksum to hex. The checksum of a multipart upload (`...-3`) does not cover the object."""
    try:
        return base64.b64decode(checksum, validate=True).hex()
    except binascii.Error:
        return ""


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
