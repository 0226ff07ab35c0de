"""What a run needs is looked at before a machine is paid for, and all that is wrong is said at once."""

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


def test_all_that_is_wrong_is_one_line_and_no_job_is_started(without_quota: Deployment) -> None:
    ended = without_quota.run({})
    assert (ended.status, ended.error) == ("FAILED", "PreflightFailed")
    assert "demand: no Parquet or CSV files in s3://" in ended.cause
    assert f"quota: this account has 0 {QUOTAS[1]}, 0 {QUOTAS[0]}; ask for" in ended.cause
    assert ended.cause.endswith("Nothing was started; a rerun helps once that is mended.")
    assert ended.jobs == []
    (run,) = without_quota.runs()
    assert run.last is not None
    assert (run.last.status, run.last.details["kind"]) == ("failed", "PreflightFailed")


def test_files_without_content_are_no_demand(application: Deployment) -> None:
    application.upload("demand.parquet", b"")
    ended = application.run({})
    assert (ended.error, ended.jobs) == ("PreflightFailed", [])
    assert "/demand/ are empty; upload them anew" in ended.cause


def test_what_the_schedule_starts_before_the_demand_has_arrived(application: Deployment, demand: pl.DataFrame) -> None:
    """The files are as old as today, and the run that is due is that of next week's start."""
    application.upload_rows(demand)
    today = date.today()  # noqa: DTZ011 (any day's start does)
    start = today + timedelta(days=14 - today.weekday())
    ended = application.run({"scheduled_time": f"{start}T05:00:00Z"})
    assert ended.error == "PreflightFailed"
    assert f"the period {start - timedelta(days=7)}, which the run is to end with" in ended.cause
    assert application.runs()[0].cutoff == str(start - timedelta(days=7))


def test_the_time_a_run_took_is_kept_and_known_to_the_next(application: Deployment, demand: pl.DataFrame) -> None:
    application.upload_rows(demand)
    assert application.run({"config": FEW_TREES}).status == "SUCCEEDED"
    (run,) = application.runs()
    assert run.published_attempt is not None
    job = run.published_attempt.details["job"]
    assert job["seconds"] > 0
    assert job["demand_bytes"] == (application.folder / "rows.parquet").stat().st_size
    again = application.run({"config": FEW_TREES, "force": True})
    assert again.outputs["Preflight"]["preflight"] == {"notes": [], "not_known": []}


def looked(cloud: LocalCloud, environment: str) -> subprocess.CompletedProcess[str]:
    """`onejob preflight`, as an engineer with the cloud's credentials."""
    return subprocess.run(
        [sys.executable, "-m", "cli.main", "preflight", "--environment", environment],
        env=cloud.child_environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_looks_at_what_the_next_run_would(application: Deployment, demand: pl.DataFrame) -> None:
    application.upload_rows(demand)
    ready = looked(application.cloud, "dev")
    assert ready.returncode == 0, ready.stdout + ready.stderr
    said = [line.split(":")[0] for line in ready.stdout.splitlines()]
    assert said == [
        *("✓ credentials", "✓ bootstrap", "✓ demand", "✓ bucket", "✓ bucket", "✓ key", "✓ image", "✓ quota"),
        *("? time", "onejob-dev"),
    ]
    assert ready.stdout.endswith("onejob-dev: ready\n")


def test_the_command_says_all_that_is_wrong(without_quota: Deployment) -> None:
    found = looked(without_quota.cloud, "dev")
    assert found.returncode == 1
    assert [line.split(":")[0] for line in found.stdout.splitlines() if line.startswith("✗")] == ["✗ demand", "✗ quota"]
    assert found.stdout.endswith("onejob-dev: 2 problems to fix\n")


def test_the_command_before_a_deployment_and_with_another_accounts_credentials(application: Deployment) -> None:
    other = looked(application.cloud, "prod")
    assert other.returncode == 1
    assert (
        "they belong to account 123456789012, but prod is in account 444455556666; sign in to that account"
        in other.stdout
    )
    with LocalCloud() as empty:
        found = looked(empty, "dev")
    assert found.returncode == 1
    assert "✗ bootstrap: the CDK has not prepared this account and region; run: onejob bootstrap" in found.stdout
    assert "✓ quota: 20 ml.m5.large for spot training job usage, 20 ml.m5.large for training" in found.stdout
    assert "onejob-dev is not deployed yet" in found.stdout
