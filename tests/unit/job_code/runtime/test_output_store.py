import base64
import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from job_code.errors import InputError
from job_code.runtime.output_store import LocalOutput, S3Output
from job_code.runtime.s3_prefix import S3Prefix

MANIFEST = "forecasts/partition=all/run_id=r1/_manifest.json"
REPORT = "reports/partition=all/run_id=r1/report.html"


@pytest.fixture
def made(tmp_path: Path) -> Path:
    path = tmp_path / "made"
    path.write_text("content")
    return path


def everything(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_run_appears_complete(tmp_path: Path, made: Path) -> None:
    folder = tmp_path / "deep" / "out"
    output = LocalOutput(folder, "r1")
    output.put(made, REPORT)
    assert not made.exists()
    made.write_text("{}")
    output.put(made, MANIFEST)
    assert not list(folder.glob("[!.]*"))
    output.finish()
    assert everything(folder) == [MANIFEST, REPORT]
    assert (folder / REPORT).read_text() == "content"
    assert Path(output.location(MANIFEST)) == folder / MANIFEST


def test_files_at_every_depth_appear(tmp_path: Path, made: Path) -> None:
    output, chunk = LocalOutput(tmp_path / "out", "r1"), "handover/partition=all/run_id=r1/chunks/00000.tar"
    for name in (MANIFEST, chunk, REPORT):
        made.write_text(name)
        output.put(made, name)
    output.finish()
    assert everything(tmp_path / "out") == [MANIFEST, chunk, REPORT]


@pytest.mark.parametrize("name", ["_manifest.json", "forecasts/partition=all/run_id=r2/_manifest.json", "a/run_id=r1"])
def test_a_file_of_another_run_is_rejected(tmp_path: Path, made: Path, name: str) -> None:
    output = LocalOutput(tmp_path / "out", "r1")
    with pytest.raises(ValueError, match="is not a file of the run r1"):
        output.put(made, name)
    assert made.exists()


def test_an_abandoned_run_leaves_nothing(tmp_path: Path, made: Path) -> None:
    output = LocalOutput(tmp_path / "out", "r1")
    output.put(made, MANIFEST)
    output.abandon()
    assert list((tmp_path / "out").iterdir()) == []


def test_a_run_id_is_used_once(tmp_path: Path, made: Path) -> None:
    output = LocalOutput(tmp_path / "out", "r1")
    output.put(made, MANIFEST)
    output.finish()
    with pytest.raises(InputError, match="already has a run r1; use another --run-id"):
        LocalOutput(tmp_path / "out", "r1")
    LocalOutput(tmp_path / "out", "r2").abandon()
    assert everything(tmp_path / "out") == [MANIFEST]


def test_the_files_of_a_killed_run_are_removed_and_those_of_an_active_run_are_kept(tmp_path: Path, made: Path) -> None:
    folder = tmp_path / "out"
    script = (
        "import sys, time, pathlib; from job_code.runtime.output_store import LocalOutput\n"
        "output = LocalOutput(pathlib.Path(sys.argv[1]), sys.argv[2])\n"
        "print('ready', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script, folder, "dead"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        alive = LocalOutput(folder, "alive")  # while the other run is active
        assert {path.name for path in folder.iterdir()} == {".unfinished-dead", ".unfinished-alive"}
        with pytest.raises(InputError, match="cannot be written"):
            LocalOutput(folder, "dead")
        process.kill()
    LocalOutput(folder, "next").abandon()
    assert {path.name for path in folder.iterdir()} == {".unfinished-alive"}
    manifest = MANIFEST.replace("r1", "alive")
    alive.put(made, manifest)
    alive.finish()
    assert everything(folder) == [manifest]


def test_a_folder_that_cannot_be_created_is_an_input_error(tmp_path: Path, made: Path) -> None:
    with pytest.raises(InputError, match=r"output: .* cannot be written: .*; use another folder"):
        LocalOutput(made, "r1")
    with pytest.raises(InputError, match="cannot be written"):
        LocalOutput(made / "below", "r1")
    with pytest.raises(InputError, match="cannot be written"):
        LocalOutput(tmp_path / "out", "a/b")


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_DEFAULT_REGION": "eu-central-1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        boto3.client("s3").create_bucket(
            Bucket="forecasts", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        )
        yield "forecasts"


@pytest.mark.parametrize("below", ["", "/team/demand", "/team/demand/"])
def test_files_arrive_in_s3_with_their_checksum(bucket: str, made: Path, below: str) -> None:
    output = S3Output(S3Prefix.from_uri(f"s3://{bucket}{below}", region="eu-central-1"))
    output.put(made, MANIFEST)
    output.finish()
    output.abandon()  # leaves the uploaded files
    assert not made.exists()
    prefix = below.strip("/") + "/" if below else ""
    stored = boto3.client("s3").get_object(Bucket=bucket, Key=prefix + MANIFEST, ChecksumMode="ENABLED")
    assert stored["Body"].read() == b"content"
    assert base64.b64decode(stored["ChecksumSHA256"]) == hashlib.sha256(b"content").digest()
    assert output.location(MANIFEST) == f"s3://{bucket}/{prefix}{MANIFEST}"


def test_a_missing_bucket_is_an_error(bucket: str, made: Path) -> None:  # noqa: ARG001 (the fixture mocks AWS)
    with pytest.raises(Exception, match="NoSuchBucket"):
        S3Output(S3Prefix.from_uri("s3://elsewhere", region="eu-central-1")).put(made, MANIFEST)
