"""Table rows for runs, each with the latest attempt and its links."""

from collections.abc import Iterator, Sequence
from html import escape

from lambdas.shared.console_links import execution_link, job_log_link, object_link
from lambdas.shared.registry_record import Attempt, Run

HEADINGS = ("Cutoff", "Attempt", "Status", "By", "Started", "Job", "Cost", "WAPE", "")


def runs_as_html(runs: Sequence[Run], *, region: str, with_partition: bool = False) -> str:
    """Return a table with the latest attempt of each run, as HTML.

    Args:
        runs: Runs in the displayed order. Runs without attempts are left out.
        region: Region of the deployment, for the links.
        with_partition: Whether each row begins with the partition.
    """
    own: tuple[str, ...] = ("Partition",) if with_partition else ()
    rows = [
        _row([*([run.partition] if with_partition else []), run.cutoff], run.last, region)
        for run in runs
        if run.last is not None
    ]
    if not rows:
        return "<p>No runs yet.</p>"
    headings = "".join(f"<th>{heading}</th>" for heading in (*own, *HEADINGS))
    return f"<table><tr>{headings}</tr>{''.join(rows)}</table>"


def _row(names: Sequence[str], attempt: Attempt, region: str) -> str:
    details = attempt.details
    job = details.get("job") or {}
    wape = ((details.get("metrics") or {}).get("forecast") or {}).get("wape")
    why = str(details.get("summary", ""))
    cells = (
        *map(escape, names),
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
