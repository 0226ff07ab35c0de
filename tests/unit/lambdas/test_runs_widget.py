"""The table of runs on the dashboard."""

import re

import pytest

from lambdas.runs_widget import handler as module
from lambdas.runs_widget.of_partitions import SHOWN, latest_runs, partitions_as_html
from lambdas.runs_widget.rows import runs_as_html
from lambdas.shared.console_links import execution_link, job_log_link, object_link
from lambdas.shared.registry_record import UNRESOLVED_CUTOFF, Attempt, Run, Status
from lambdas.shared.registry_table import RunTable
from tests.unit.lambdas.conftest import CONTEXT, TABLE

EXECUTION = "arn:aws:states:eu-central-1:1:execution:onejob-dev-forecast:a"
DETAILS = {
    "run_id": "onejob-dev-1",
    "report": "s3://bucket/reports/partition=all/run_id=onejob-dev-1/report.html",
    "metrics": {"forecast": {"wape": 0.1234}},
    "job": {"seconds": 630, "instance_type": "ml.m5.large", "cost": 0.0189},
}
PUBLISHED = Run(
    partition="all",
    cutoff="2026-11-16",
    attempts=(
        Attempt(
            number=1,
            execution=EXECUTION,
            started_by="schedule",
            started_at="2026-11-23T05:00:09+00:00",
            fingerprint="f",
            status="published",
            ended_at="later",
            details=DETAILS,
        ),
    ),
    published=1,
)


def test_a_row_has_all_fields_of_a_run() -> None:
    page = runs_as_html([PUBLISHED], region="eu-central-1")
    for cell in ("2026-11-16", "schedule", "10.5 min ml.m5.large", "0.02", "12.3%"):
        assert f"<td>{cell}</td>" in page
    assert ">published<" in page
    for link in (
        execution_link(EXECUTION),
        job_log_link("onejob-dev-1", region="eu-central-1"),
        object_link(str(DETAILS["report"]), region="eu-central-1"),
    ):
        assert f'href="{link.replace("&", "&amp;")}"' in page


def test_a_failures_summary_is_escaped() -> None:
    details = {"kind": "InputError", "summary": 'column "<b>y</b>" is not a number'}
    failed = Run(
        partition="all",
        cutoff="latest",
        attempts=(
            Attempt(
                number=1,
                execution=EXECUTION,
                started_by="manual",
                started_at="t",
                fingerprint="f",
                status="failed",
                ended_at="t",
                details=details,
            ),
        ),
    )
    page = runs_as_html([failed], region="eu-central-1")
    assert ">failed InputError<" in page
    assert "&lt;b&gt;y&lt;/b&gt;" in page
    assert "<b>" not in page


def test_no_runs_yet() -> None:
    assert runs_as_html([Run(partition="all", cutoff="latest")], region="eu-central-1") == "<p>No runs yet.</p>"


def test_the_handler_draws_the_registry_and_describes_the_widget(
    table: RunTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_client", lambda _service: table._client)
    monkeypatch.setenv("DEPLOYMENT", "onejob-dev")
    monkeypatch.setenv("TABLE", TABLE)
    table.change("all", "2026-11-16", lambda _run: PUBLISHED)
    assert "10.5 min" in module.handler({}, CONTEXT)
    assert "last runs" in module.handler({"describe": True}, CONTEXT)


def run_of(partition: str, status: Status, *, cutoff: str = "2026-11-16", started_at: str = "2026-11-23T05:00") -> Run:
    attempt = Attempt(
        number=1,
        execution=f"{EXECUTION}{partition}",
        started_by="schedule",
        started_at=started_at,
        fingerprint="f",
        status=status,
        ended_at=None,
        details={"summary": "why"},
    )
    return Run(partition=partition, cutoff=cutoff, attempts=(attempt,))


def first_cells(page: str) -> list[str]:
    return re.findall(r"<tr><td>(.*?)</td>", page)


def test_partitions_that_need_action_come_first() -> None:
    statuses: dict[str, Status] = {
        "a": "published",
        "b": "running",
        "c": "failed",
        "d": "superseded",
        "e": "pending_approval",
        "f": "expired",
        "g": "aborted",
        "h": "publishing",
    }
    runs = [run_of(partition, status) for partition, status in statuses.items()]
    page = partitions_as_html([*runs, Run(partition="i", cutoff=UNRESOLVED_CUTOFF)], region="eu-central-1")
    assert first_cells(page) == ["c", "e", "f", "g", "b", "h", "a", "d"]
    assert page.startswith("<p>9 partitions: ")
    assert "1 failed" in page
    assert "1 without a run" in page
    assert "<th>Partition</th><th>Cutoff</th>" in page


def test_the_first_of_thousands_are_shown_and_the_rest_counted() -> None:
    runs = [run_of(f"p{number:04}", "published") for number in range(4_960)]
    runs += [run_of(f"x{number:02}", "failed") for number in range(40)]
    page = partitions_as_html(runs, region="eu-central-1")
    cells = first_cells(page)
    assert len(cells) == SHOWN
    assert (cells[0], cells[39], cells[40]) == ("x00", "x39", "p0000")
    assert page.startswith("<p>5,000 partitions: 4,960 published, 40 failed</p>")
    assert page.endswith("<p>... and 4,950 more</p>")


@pytest.mark.parametrize("runs", [[], [Run(partition="a", cutoff=UNRESOLVED_CUTOFF)]])
def test_partitions_without_runs(runs: list[Run]) -> None:
    assert partitions_as_html(runs, region="eu-central-1").endswith("<p>No runs yet.</p>")


def test_the_latest_run_has_the_newest_or_the_unresolved_cutoff(table: RunTable) -> None:
    def keep(run: Run) -> None:
        table.change(run.partition, run.cutoff, lambda _run: run)

    for partition in ("a", "b", "c"):
        keep(run_of(partition, "published", cutoff="2026-11-09", started_at="2026-11-25T05:00"))
        keep(run_of(partition, "published", started_at="2026-11-23T05:00"))
    keep(run_of("b", "failed", cutoff=UNRESOLVED_CUTOFF, started_at="2026-11-24T05:00"))
    keep(run_of("c", "failed", cutoff=UNRESOLVED_CUTOFF, started_at="2026-11-22T05:00"))
    keep(Run(partition="d", cutoff=UNRESOLVED_CUTOFF, version=1))
    runs = latest_runs(table, ["a", "b", "c", "d", "e"])
    assert [run.partition for run in runs] == ["a", "b", "c", "d", "e"]
    assert [run.cutoff for run in runs[:3]] == ["2026-11-16", UNRESOLVED_CUTOFF, "2026-11-16"]
    assert [run.last for run in runs[3:]] == [None, None]


def test_the_handler_draws_the_partitions(table: RunTable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_client", lambda _service: table._client)
    monkeypatch.setenv("DEPLOYMENT", "onejob-dev")
    monkeypatch.setenv("TABLE", TABLE)
    monkeypatch.setenv("DATA_BUCKET", "data-bucket")
    monkeypatch.setenv("PARTITIONS", '["DE", "FR"]')
    table.change("FR", "2026-11-16", lambda _run: run_of("FR", "pending_approval"))
    assert first_cells(module.handler({}, CONTEXT)) == ["FR"]
