"""Says in one line what broke and whether a rerun helps; pure, so that it cannot fail for the reason it explains."""

import os
import re

from contract.environments.after_job import ExplainFailureEnvironment
from contract.state.partitions_state import PartitionsState
from contract.state.run_state import FailureState, RunState
from lambdas.shared.console_links import execution_link, job_log_link, object_link
from lambdas.shared.logs import logged

from .classify import Failure, classify

REPORT = re.compile(r"s3://\S+/report\.html")


@logged
def handler(event: RunState | PartitionsState, _context: object) -> FailureState:
    """Answers the state machine's ExplainFailure state."""
    environment = ExplainFailureEnvironment.from_environment(os.environ)
    return explain(event, deployment=environment.deployment)


def explain(state: RunState | PartitionsState, *, deployment: str) -> FailureState:
    """Explains a failure.

    Args:
        state: The state machine's data at the time of the failure.
        deployment: Name of the deployment, for the message.

    Returns:
        `error` and `cause` for the execution, `subject` and `message` for the operator, and `kind`, `summary`,
        `rerun_helps`.
    """
    failure = classify(state)
    kind = failure.kind
    summary = failure.summary if failure.summary.endswith((".", "!", "?")) else f"{failure.summary}."
    return {
        "kind": kind.name,
        "summary": failure.summary,
        "rerun_helps": kind.rerun_helps,
        "error": kind.name,
        "cause": f"{summary} {kind.advice}",
        "subject": f"{deployment}: run failed: {kind.words}",
        "message": "\n\n".join(
            [
                f"{deployment}: {kind.words}",
                summary,
                f"Rerun: {kind.rerun}. {kind.advice}",
                *_links(_arn(state), failure),
            ]
        ),
    }


def _arn(state: RunState | PartitionsState) -> str:
    """The execution's ARN; empty where the data do not say it, as nothing may make this function fail."""
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
