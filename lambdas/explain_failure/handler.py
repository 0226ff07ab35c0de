"""Explain a failure in one line. The function calls no service, so it cannot fail for the reason it explains."""

import os
import re

from contract.environments.after_job import ExplainFailureEnvironment
from contract.state.partitions_state import PartitionsState
from contract.state.run_state import FailureState, RunState
from lambdas.shared.console_links import execution_link, job_log_link, object_link
from lambdas.shared.logs import log_invocation

from .classify import Failure, classify

REPORT = re.compile(r"s3://\S+/report\.html")


@log_invocation
def handler(event: RunState | PartitionsState, _context: object) -> FailureState:
    """Handle the state ExplainFailure."""
    environment = ExplainFailureEnvironment.from_environment(os.environ)
    return explain(event, deployment=environment.deployment)


def explain(state: RunState | PartitionsState, *, deployment: str) -> FailureState:
    """Explain a failure.

    Args:
        state: Data of the state machine at the time of the failure.
        deployment: Name of the deployment, for the message.

    Returns:
        `error` and `cause` for the execution, `subject` and `message` for the operator, and `kind`, `summary` and
        `rerun_helps`.
    """
    failure = classify(state)
    failure_type = failure.failure_type
    summary = failure.summary if failure.summary.endswith((".", "!", "?")) else f"{failure.summary}."
    return {
        "kind": failure_type.name,
        "summary": failure.summary,
        "rerun_helps": failure_type.rerun_helps,
        "error": failure_type.name,
        "cause": f"{summary} {failure_type.advice}",
        "subject": f"{deployment}: run failed: {failure_type.label}",
        "message": "\n\n".join(
            [
                f"{deployment}: {failure_type.label} ({failure_type.name})",
                summary,
                f"Rerun: {failure_type.rerun}. {failure_type.advice}",
                *_links(_arn(state), failure),
            ]
        ),
    }


def _arn(state: RunState | PartitionsState) -> str:
    """Return the execution's ARN, or an empty text if the data lack it: this function must never fail."""
    execution = state.get("execution")
    return str(execution.get("id", "")) if execution else ""


def _links(arn: str, failure: Failure) -> list[str]:
    if arn.count(":") < 6:
        return []
    links = [f"Execution: {execution_link(arn)}"]
    if report := REPORT.search(failure.summary):
        links.append(f"Report: {object_link(report[0], region=arn.split(':')[3])}")
    if failure.has_log and failure.job_name is not None:
        link = job_log_link(failure.job_name, region=arn.split(":")[3], kind=failure.job_kind)
        links.append(f"Job log: {link}")
    return links
