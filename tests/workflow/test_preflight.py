"""Preflight checks the needs of a run before a job starts, and lists all problems."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta

import polars as pl
import pytest

from local_cloud import LocalCloud
from tests.synthesis import ROOT
from tests.workflow.conftest import FEW_TREES, Deployment

QUOTAS = ("ml.m5.large for training job usage", "ml.m5.large for spot training job usage")


@pytest.fixture
def without_quota(application: Deployment) -> Iterator[Deployment]:
    for name in QUOTAS:
        application.cloud.set_quota(name, 0)
    yield application
    for name in QUOTAS:
        application.cloud.set_quota(name, 20)


def test_all_problems_are_one_line_and_no_job_starts(without_quota: Deployment) -> None:
    ended = without_quota.run({})
    assert (ended.status, ended.error) == ("FAILED", "PreflightFailed")
    assert "demand: no files in s3://" in ended.cause
    assert f"quota: this account has 0 {QUOTAS[1]}, 0 {QUOTAS[0]}; ask for" in ended.cause
    assert ended.cause.endswith("No job was started. Fix the problem, then rerun.")
    assert ended.jobs == []
    (run,) = without_quota.runs()
    assert run.last is not None
    assert (run.last.status, run.last.details["kind"]) == ("failed", "PreflightFailed")


def test_empty_files_are_an_error(application: Deployment) -> None:
    application.upload("demand.parquet", b"")
    ended = application.run({})
    assert (ended.error, ended.jobs) == ("PreflightFailed", [])
    assert "/demand/ are empty; upload them again" in ended.cause


def test_a_scheduled_run_before_the_upload_of_demand_fails(application: Deployment, demand: pl.DataFrame) -> None:
    """The files are from today, and the scheduled time is in two weeks."""
    application.upload_rows(demand)
    today = date.today()  # noqa: DTZ011 (the time zone does not matter)
    start = today + timedelta(days=14 - today.weekday())
    ended = application.run({"scheduled_time": f"{start}T05:00:00Z"})
    assert ended.error == "PreflightFailed"
    assert f"the cutoff period {start - timedelta(days=7)} ended on" in ended.cause
    assert application.runs()[0].cutoff == str(start - timedelta(days=7))


def test_the_next_run_knows_the_duration_of_the_last_run(application: Deployment, demand: pl.DataFrame) -> None:
    application.upload_rows(demand)
    assert application.run({"config": FEW_TREES}).status == "SUCCEEDED"
    (run,) = application.runs()
    assert run.published_attempt is not None
    job = run.published_attempt.details["job"]
    assert job["seconds"] > 0
    assert job["demand_bytes"] == (application.folder / "rows.parquet").stat().st_size
    again = application.run({"config": FEW_TREES, "force": True})
    assert again.outputs["Preflight"]["preflight"] == {"notes": [], "unchecked": []}


def preflight(cloud: LocalCloud, environment: str) -> subprocess.CompletedProcess[str]:
    """Run `onejob preflight` with the credentials of the local cloud."""
    return subprocess.run(
        [sys.executable, "-m", "cli.main", "preflight", "--environment", environment],
        env=cloud.child_environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_makes_the_checks_of_the_next_run(application: Deployment, demand: pl.DataFrame) -> None:
    application.upload_rows(demand)
    ready = preflight(application.cloud, "dev")
    assert ready.returncode == 0, ready.stdout + ready.stderr
    lines = [line.split(":")[0] for line in ready.stdout.splitlines()]
    assert lines == [
        *("✓ credentials", "✓ bootstrap", "✓ demand", "✓ bucket", "✓ bucket", "✓ key", "✓ image", "✓ quota"),
        *("? time", "onejob-dev"),
    ]
    assert ready.stdout.endswith("onejob-dev: ready\n")


def test_the_command_lists_all_problems(without_quota: Deployment) -> None:
    found = preflight(without_quota.cloud, "dev")
    assert found.returncode == 1
    assert [line.split(":")[0] for line in found.stdout.splitlines() if line.startswith("✗")] == ["✗ demand", "✗ quota"]
    assert found.stdout.endswith("onejob-dev: 2 problems to fix\n")


def test_the_command_without_a_deployment_and_with_credentials_of_another_account(application: Deployment) -> None:
    other = preflight(application.cloud, "prod")
    assert other.returncode == 1
    assert (
        "they belong to account 123456789012, but prod is in account 444455556666; "
        "sign in to account 444455556666" in other.stdout
    )
    with LocalCloud() as empty:
        found = preflight(empty, "dev")
    assert found.returncode == 1
    assert (
        "✗ bootstrap: the CDK's bootstrap is missing in this account and region; run: onejob bootstrap" in found.stdout
    )
    assert "✓ quota: 20 ml.m5.large for spot training job usage, 20 ml.m5.large for training" in found.stdout
    # The local cloud has no price list and no simulation of policies.
    lines = [line.split(":")[0] for line in found.stdout.splitlines()]
    assert lines == [
        *("✓ credentials", "✗ bootstrap", "? permissions", "✓ concurrency", "✓ Docker", "✓ quota"),
        *("? instance types", "✓ log policies", "✓ Lake Formation", "✓ Glue catalog", "? deployment", "onejob-dev"),
    ]
    assert "onejob-dev is not deployed yet" in found.stdout
