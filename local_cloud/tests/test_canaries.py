"""Checks of the behavior of moto that this package relies on, and of the isolation from the computer."""

import base64
import hashlib
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import TypedDict

import pytest
from botocore.exceptions import ClientError

from local_cloud import LocalCloud
from local_cloud.core.patching import patch_attribute

_REPOSITORY = Path(__file__).resolve().parent.parent.parent


class Place(TypedDict):
    """The location of an object, as parameters of S3's calls."""

    Bucket: str
    Key: str


def test_moto_has_the_pinned_version() -> None:
    assert version("moto") == "5.2.5"


def test_patching_a_missing_name_raises() -> None:
    with pytest.raises(AttributeError):
        patch_attribute(json, "no_such_name", lambda original: original)


def test_conditional_writes(cloud: LocalCloud, outputs: dict[str, str]) -> None:
    s3 = cloud.client("s3")
    place: Place = {"Bucket": outputs["BucketName"], "Key": "pointer"}
    first = s3.put_object(**place, Body=b"1", IfNoneMatch="*")["ETag"]
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.put_object(**place, Body=b"2", IfNoneMatch="*")
    second = s3.put_object(**place, Body=b"2", IfMatch=first)["ETag"]
    assert second != first
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.put_object(**place, Body=b"3", IfMatch=first)
    with pytest.raises(ClientError, match="NoSuchKey"):
        s3.put_object(Bucket=outputs["BucketName"], Key="missing", Body=b"", IfMatch=first)
    assert s3.get_object(**place)["Body"].read() == b"2"


def test_checksums(cloud: LocalCloud, outputs: dict[str, str]) -> None:
    s3 = cloud.client("s3")
    place: Place = {"Bucket": outputs["BucketName"], "Key": "checked"}
    checksum = base64.b64encode(hashlib.sha256(b"content").digest()).decode()
    s3.put_object(**place, Body=b"content", ChecksumSHA256=checksum)
    assert s3.head_object(**place, ChecksumMode="ENABLED")["ChecksumSHA256"] == checksum
    with pytest.raises(ClientError, match="BadDigest"):
        s3.put_object(**place, Body=b"other content", ChecksumSHA256=checksum)


def test_an_emptied_folder_is_not_listed(cloud: LocalCloud) -> None:
    s3, bucket = cloud.client("s3"), "versioned-folders"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for key in ("a/b/1", "a/c/1", "a/c/2", "d/1", "e"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    for key in ("a/b/1", "a/c/1", "d/1"):
        s3.delete_object(Bucket=bucket, Key=key)

    def folders(prefix: str) -> list[str]:
        listed = s3.list_objects_v2(Bucket=bucket, Prefix=prefix, Delimiter="/")
        return [found["Prefix"] for found in listed.get("CommonPrefixes", [])]

    assert folders("a/") == ["a/c/"]
    assert folders("") == ["a/"]


def test_only_one_of_concurrent_writers_succeeds(cloud: LocalCloud, outputs: dict[str, str]) -> None:
    s3 = cloud.client("s3")

    def write(number: int) -> bool:
        try:
            s3.put_object(Bucket=outputs["BucketName"], Key="contested", Body=bytes([number]), IfNoneMatch="*")
        except ClientError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(write, range(8))) == 1


def test_the_callers_aws_configuration_is_never_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config"
    config.write_text("[profile personal]\nregion = us-west-1\nendpoint_url = https://example.org\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_PROFILE", "personal")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "secret")
    with LocalCloud() as fresh:
        assert fresh.client("sts").get_caller_identity()["Account"] == fresh.account
        assert fresh.client("s3").meta.region_name == fresh.region
        environment = fresh.child_environment()
    assert "AWS_PROFILE" not in environment
    assert "AWS_SESSION_TOKEN" not in environment
    assert environment["AWS_CONFIG_FILE"] != str(config)


def test_two_clouds_are_separate(cloud: LocalCloud, outputs: dict[str, str]) -> None:
    here = cloud.client("s3").list_buckets()["Buckets"]
    assert outputs["BucketName"] in {bucket["Name"] for bucket in here}
    with LocalCloud(account="210987654321", region="us-east-1") as other:
        assert other.client("sts").get_caller_identity()["Account"] == "210987654321"
        assert other.client("s3").list_buckets()["Buckets"] == []


def test_a_cloud_that_is_not_started_raises() -> None:
    with pytest.raises(RuntimeError, match="not started"):
        _ = LocalCloud().endpoint_url


def test_without_a_namespace_the_base_folder_is_set(tmp_path: Path) -> None:
    base = tmp_path / "opt" / "ml"
    base.mkdir(parents=True)
    report = tmp_path / "base_folder"
    program = f"import os; open({str(report)!r}, 'w').write(os.environ.get('SAGEMAKER_BASE_DIR', ''))"
    specification: dict[str, object] = {
        "command": [sys.executable, "-c", program],
        "folder": str(tmp_path),
        "environment": {},
        "base": str(base),
        "cores": None,
    }
    forbidding = (
        "import json, sys; from local_cloud.sagemaker import launcher; launcher.mount_opt_ml = lambda folder: False; "
        "sys.exit(launcher.main(json.loads(sys.argv[1])))"
    )
    launcher = subprocess.Popen(
        [sys.executable, "-c", forbidding, json.dumps(specification)], stdin=subprocess.PIPE, cwd=_REPOSITORY
    )
    assert launcher.wait(timeout=120) == 0
    assert launcher.stdin is not None
    launcher.stdin.close()
    assert report.read_text() == str(base)
