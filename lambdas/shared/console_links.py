"""Links to the AWS console."""

from urllib.parse import quote

from contract.names import JobKind, job_log_group


def execution_link(arn: str) -> str:
    """Return the link to an execution of a state machine.

    Args:
        arn: ARN of the execution.
    """
    region = arn.split(":")[3]
    return f"{_console(region)}/states/home?region={region}#/v2/executions/details/{arn}"


def job_log_link(job_name: str, *, region: str, kind: JobKind = "Training") -> str:
    """Return the link to the log of a job.

    Args:
        job_name: Name of the job.
        region: Region of the job.
        kind: `Training` or `Processing`.
    """
    # The console expects its fragment encoded twice, with $ instead of %.
    group = quote(quote(job_log_group(kind), safe=""), safe="").replace("%", "$")
    stream = quote(f"?logStreamNameFilter={job_name}/", safe="").replace("%", "$")
    return f"{_console(region)}/cloudwatch/home?region={region}#logsV2:log-groups/log-group/{group}{stream}"


def object_link(uri: str, *, region: str) -> str:
    """Return the link to an object in S3.

    Args:
        uri: `s3://bucket/key`.
        region: Region of the bucket.
    """
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return f"{_console(region)}/s3/object/{bucket}?region={region}&prefix={quote(key)}"


def _console(region: str) -> str:
    return f"https://{region}.console.aws.amazon.com"
