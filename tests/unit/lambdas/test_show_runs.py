"""The table of runs on the dashboard."""

import pytest

from lambdas.console_links.links import execution_link, job_log_link, object_link
from lambdas.run_registry.record import Attempt, Run
from lambdas.run_registry.table import RunTable
from lambdas.show_runs import handler as module
from lambdas.show_runs.handler import runs_as_html
from tests.unit.lambdas.conftest import CONTEXT, TABLE

EXECUTION = "arn:aws:states:eu-central-1:1:execution:onejob-dev-forecast:a"
DETAILS = {
    "run_id": "onejob-dev-1",
    "report": "s3://bucket/reports/partition=all/run_id=onejob-dev-1/report.html",
    "metrics": {"forecast": {"wape": 0.1234}},
    "job": {"seconds": 630, "instance_type": "ml.m5.large", "cost": 0.0189},
}
PUBLISHED = Run(
    "all",
    "2026-11-16",
    attempts=(Attempt(1, EXECUTION, "schedule", "2026-11-23T05:00:09+00:00", "f", "published", "later", DETAILS),),
    published=1,
)


def test_a_run_with_all_that_is_known_of_it() -> None:
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


def test_what_a_failure_says_is_text_and_nothing_else() -> None:
    details = {"kind": "InputError", "summary": 'column "<b>y</b>" is not a number'}
    failed = Run("all", "latest", attempts=(Attempt(1, EXECUTION, "hand", "t", "f", "failed", "t", details),))
    page = runs_as_html([failed], region="eu-central-1")
    assert ">failed InputError<" in page
    assert "&lt;b&gt;y&lt;/b&gt;" in page
    assert "<b>" not in page


def test_no_run_yet() -> None:
    assert runs_as_html([Run("all", "latest")], region="eu-central-1") == "<p>No run yet.</p>"


def test_the_handler_draws_the_registry_and_tells_cloudwatch_what_it_is(
    table: RunTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_client", lambda _service: table._client)
    monkeypatch.setenv("TABLE", TABLE)
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    table.change("all", "2026-11-16", lambda _run: PUBLISHED)
    assert "10.5 min" in module.handler({}, CONTEXT)
    assert "last runs" in module.handler({"describe": True}, CONTEXT)
