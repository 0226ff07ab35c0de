"""Steps about runs: upload, run, query, rerun, repeat, infer."""

import math
from io import BytesIO
from typing import TYPE_CHECKING

import polars as pl

from cli.acceptance.steps.demand import HISTORY, last_week, make_demand, upload, upload_static
from cli.acceptance.steps.step import expect
from cli.acceptance.trial import Trial
from contract.s3.manifest import Manifest
from local_cloud import ExecutionEnded

if TYPE_CHECKING:
    from mypy_boto3_athena.type_defs import QueryExecutionStatusTypeDef

KEY = ("article_id", "merchant_id")
# Athena adds up float32 values in another order than Polars.
RELATIVE_TOLERANCE = 1e-4


def upload_demand(trial: Trial) -> str:
    """Upload demand up to the week before the last complete one, and static columns."""
    rows = make_demand(trial).filter(pl.col("ds") < last_week(trial))
    uri = upload(trial, rows, name=HISTORY)
    upload_static(trial)
    return f"{rows.height:,} rows of {rows.select(KEY).n_unique()} series in {uri}"


def run(trial: Trial) -> str:
    """Run with the input `{}`."""
    _, ended = trial.execute({})
    manifest = published_by(trial, ended)
    trial.record.keep(first_run=manifest["run_id"])
    return f"{_described(manifest)}; {_seconds(manifest)}"


def query(trial: Trial) -> str:
    """Compare what Athena answers with the files of the published run."""
    manifest = trial.manifest(str(trial.published_run()))
    assert manifest is not None
    database = trial.outputs["ForecastDatabase"]
    found = _athena(
        trial,
        "SELECT count(*) AS found_rows, count(DISTINCT ds) AS weeks, sum(mean) AS total "
        f"FROM {database}.forecasts WHERE partition = 'all'",  # nosec B608 # the stack's own output
    )
    rows, weeks, total = int(found[0]), int(found[1]), float(found[2] or 0)
    read = _read_forecasts(trial, manifest)
    expected = read["mean"].cast(pl.Float64).sum()
    expect((rows, weeks) == (manifest["rows"], manifest["horizon"]), f"Athena: {rows} rows of {weeks} weeks")
    expect(math.isclose(total, expected, rel_tol=RELATIVE_TOLERANCE), f"Athena: total {total}, files: {expected}")
    return f"Athena and the files: {rows:,} rows, {weeks} weeks, total demand {total:,.0f}"


def rerun(trial: Trial) -> str:
    """Run with `{}` again, without any change."""
    before = trial.published_run()
    execution, ended = trial.execute({})
    succeeded(ended)
    jobs = trial.jobs_of(execution)
    expect(not jobs, f"the rerun started {', '.join(jobs)}")
    expect(ended.output.get("reason") == "published", f"the output of the rerun: {ended.output}")
    expect_published(trial, before)
    return f"no job; run {before} stays published"


def force(trial: Trial) -> str:
    """Repeat the published run."""
    before = trial.record.facts["first_run"]
    _, ended = trial.execute({"force": True})
    manifest = published_by(trial, ended)
    expect(manifest["run_id"] != before, f"run {before} was not repeated")
    expect(trial.manifest(before) is not None, f"the files of run {before} are gone")
    trial.record.keep(trained_run=manifest["run_id"])
    return f"{_described(manifest)}; the files of run {before} are kept"


def infer(trial: Trial) -> str:
    """Forecast with the model of the published run."""
    trained = trial.record.facts["trained_run"]
    _, ended = trial.execute({"mode": "infer", "force": True})
    manifest = published_by(trial, ended)
    expect(manifest["model"]["run_id"] == trained, f"the model is of run {manifest['model']['run_id']}, not {trained}")
    expect("fit" not in manifest["seconds"], "the run trained a model")
    return f"{_described(manifest)}, with the model of run {trained}; {_seconds(manifest)}"


def succeeded(ended: ExecutionEnded) -> None:
    """Fail the step if an execution has not succeeded."""
    expect(ended.status == "SUCCEEDED", f"{ended.status} {ended.error}: {ended.cause}")


def expect_published(trial: Trial, run_id: str | None) -> None:
    """Fail the step if readers see another run."""
    found = trial.published_run()
    expect(found == run_id, f"the published run is {found}, not {run_id}")


def published_by(trial: Trial, ended: ExecutionEnded) -> Manifest:
    """Check that an execution published a whole run, and return the run's manifest."""
    succeeded(ended)
    run_id, pointer = ended.output.get("run_id"), trial.pointer()
    expect(ended.output.get("published") is True, f"the output of the execution: {ended.output}")
    expect(pointer is not None and pointer["run_id"] == run_id, f"the pointer names {pointer}, not {run_id}")
    manifest = trial.manifest(str(run_id))
    if manifest is None:
        raise AssertionError(f"run {run_id} is published and has no manifest")
    expected = manifest["series"] * manifest["horizon"]
    rows = sum(file["rows"] for file in manifest["files"])
    expect(
        manifest["rows"] == rows == expected, f"{rows} rows in files, {manifest['rows']} in all, {expected} expected"
    )
    return manifest


def _described(manifest: Manifest) -> str:
    size = f"{manifest['series']} series x {manifest['horizon']} weeks"
    return f"published run {manifest['run_id']}: {size} from the cutoff {manifest['cutoff']}"


def _seconds(manifest: Manifest) -> str:
    return f"{sum(manifest['seconds'].values()):.0f} s in the job"


def _read_forecasts(trial: Trial, manifest: Manifest) -> pl.DataFrame:
    """Read the files of the published run, as a reader without Athena does."""
    pointer = trial.pointer()
    assert pointer is not None
    bucket, _, prefix = pointer["forecasts"].removeprefix("s3://").partition("/")
    s3 = trial.place.client("s3")
    parts = (s3.get_object(Bucket=bucket, Key=f"{prefix}{file['name']}")["Body"].read() for file in manifest["files"])
    return pl.concat(pl.read_parquet(BytesIO(part)) for part in parts)


def _athena(trial: Trial, sql: str) -> list[str]:
    """Return the first row of a query's answer. Athena leaves the text of a null value out."""
    athena = trial.place.client("athena")
    execution = athena.start_query_execution(QueryString=sql, WorkGroup=trial.outputs["QueryWorkgroup"])
    query_id = execution["QueryExecutionId"]

    def status_of() -> "QueryExecutionStatusTypeDef":
        return athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]["Status"]

    trial.wait_until(lambda: status_of()["State"] not in ("QUEUED", "RUNNING"))
    status = status_of()
    expect(status["State"] == "SUCCEEDED", f"Athena: {status['State']}: {status.get('StateChangeReason')}")
    rows = athena.get_query_results(QueryExecutionId=query_id)["ResultSet"]["Rows"]
    expect(len(rows) == 2, f"Athena: {len(rows)} rows with the header")
    return [value.get("VarCharValue", "") for value in rows[1]["Data"]]
