"""Shows the last runs on the dashboard, with links to their executions, logs and reports."""

import functools
import os
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

import boto3
from botocore.client import BaseClient

from lambdas.console_links.links import execution_link, job_log_link, object_link
from lambdas.observation.logs import logged
from lambdas.run_registry.record import LATEST, Attempt, Run
from lambdas.run_registry.table import RunTable

PARTITION = "all"
SHOWN = 10
HELP = "The last runs of the registry; the widget takes no parameters."
HEADINGS = ("Cutoff", "Attempt", "Status", "By", "Started", "Job", "Cost", "WAPE", "")


@logged
def handler(event: dict[str, Any], _context: object) -> str:
    """Answers CloudWatch, which draws a custom widget: HTML, or what it takes where it asks."""
    if event.get("describe"):
        return HELP
    table = RunTable(_client("dynamodb"), os.environ["TABLE"])
    runs = [table.get(PARTITION, LATEST), *table.newest(PARTITION, SHOWN)]
    return runs_as_html(runs, region=os.environ["AWS_REGION"])


@functools.cache
def _client(service: str) -> BaseClient:
    return boto3.client(service)


def runs_as_html(runs: Sequence[Run], *, region: str) -> str:
    """A table with the latest attempt of each run.

    Args:
        runs: In the order shown; one without attempts is left out.
        region: Of the deployment, for the links.
    """
    rows = "".join(_row(run, run.last, region) for run in runs if run.last is not None)
    if not rows:
        return "<p>No run yet.</p>"
    return f"<table><tr>{''.join(f'<th>{heading}</th>' for heading in HEADINGS)}</tr>{rows}</table>"


def _row(run: Run, attempt: Attempt, region: str) -> str:
    details = attempt.details
    job = details.get("job") or {}
    wape = ((details.get("metrics") or {}).get("forecast") or {}).get("wape")
    why = str(details.get("summary", ""))
    cells = (
        escape(run.cutoff),
        str(attempt.number),
        f'<span title="{escape(why)}">{escape(" ".join(filter(None, [attempt.status, details.get("kind")])))}</span>',
        escape(attempt.started_by),
        escape(attempt.started_at),
        "" if job.get("seconds") is None else f"{job['seconds'] / 60:,.1f} min {escape(str(job['instance_type']))}",
        "" if job.get("cost") is None else f"{job['cost']:,.2f}",
        "" if wape is None else f"{wape:.1%}",
        " ".join(_links(attempt, region)),
    )
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _links(attempt: Attempt, region: str) -> Iterator[str]:
    details = attempt.details
    yield _link("execution", execution_link(attempt.execution))
    if "run_id" in details:
        yield _link("log", job_log_link(details["run_id"], region=region))
    if "report" in details:
        yield _link("report", object_link(details["report"], region=region))


def _link(words: str, address: str) -> str:
    return f'<a href="{escape(address)}" target="_blank">{words}</a>'
