"""Athena executes queries over the Glue catalog and the files in S3, and refuses as AWS does."""

import json
from typing import Any

import polars as pl
import pytest
from botocore.exceptions import ClientError

from local_cloud import LocalCloud, wait_for_execution
from local_cloud.tests.athena.queries import DATABASE, Queries

TEXT = "org.apache.hadoop.mapred.TextInputFormat"


def test_values_are_text_as_athena_writes_them(queries: Queries) -> None:
    assert queries.rows(
        "SELECT *, mean * 1e9, article = 0 AS first FROM sales WHERE day = '2026-01-01' ORDER BY 1"
    ) == [
        ["article", "ds", "mean", "name", "day", "_col5", "first"],
        ["0", "2026-01-01 00:00:00.000", "0.1", 'a,"b"', "2026-01-01", "1.0000000149011612E8", "true"],
        ["1", "2026-01-01 00:00:00.000", "0.1", None, "2026-01-01", "1.0000000149011612E8", "false"],
    ]


def test_the_result_has_types_and_a_file_with_the_key_of_the_workgroup(
    cloud: LocalCloud, queries: Queries, outputs: dict[str, str]
) -> None:
    done = queries.run(
        "SELECT name, count(*), avg(article) a, ds, mean FROM sales GROUP BY name, ds, mean ORDER BY a DESC"
    )
    result = cloud.client("athena").get_query_results(QueryExecutionId=done["QueryExecutionId"])
    columns = result["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
    assert [(column["Name"], column["Type"]) for column in columns] == [
        ("name", "varchar"),
        ("_col1", "bigint"),
        ("a", "double"),
        ("ds", "timestamp"),
        ("mean", "float"),
    ]
    location = done["ResultConfiguration"]["OutputLocation"]
    assert location == f"s3://{outputs['Bucket']}/results/{done['QueryExecutionId']}.csv"
    stored = cloud.client("s3").get_object(Bucket=outputs["Bucket"], Key=f"results/{done['QueryExecutionId']}.csv")
    assert (stored["ServerSideEncryption"], stored["SSEKMSKeyId"]) == ("aws:kms", outputs["Key"])
    assert stored["Body"].read().decode().splitlines()[:2] == [
        '"name","_col1","a","ds","mean"',
        ',"1","1.0","2026-01-01 00:00:00.000","0.1"',
    ]


def test_joins_subqueries_and_partitions_follow_athenas_dialect(queries: Queries) -> None:
    query = """
        WITH last AS (SELECT max(day) AS day FROM "sales$partitions")
        SELECT date_diff('day', one.ds, two.ds) AS days, 7 / 2 AS whole
        FROM sales one CROSS JOIN AwsDataCatalog.shop.sales two
        WHERE two.day = (SELECT day FROM last) AND one.day <> two.day AND one.ds < date_add('day', 1, DATE '2026-01-01')
    """
    assert queries.rows(query) == [["days", "whole"], ["1", "3"], ["1", "3"]]


def test_pages_of_a_result_follow_each_other(cloud: LocalCloud, queries: Queries) -> None:
    assert len(queries.rows("SELECT n FROM UNNEST(sequence(1, 2500)) AS t(n)")) == 2501
    done = queries.run("SELECT article FROM sales")
    athena, name = cloud.client("athena"), done["QueryExecutionId"]
    first = athena.get_query_results(QueryExecutionId=name, MaxResults=3)
    rest = athena.get_query_results(QueryExecutionId=name, MaxResults=3, NextToken=first["NextToken"])
    assert [len(page["ResultSet"]["Rows"]) for page in (first, rest)] == [3, 1]
    assert "NextToken" not in rest


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("SELECT price FROM sales", "COLUMN_NOT_FOUND: Column 'price'"),
        ("SELECT unknown_to_the_catalog FROM sales", "COLUMN_NOT_FOUND: Column 'unknown_to_the_catalog'"),
        ("SELECT ds AS week, count(*) FROM sales GROUP BY week", "COLUMN_NOT_FOUND: Column 'week'"),
        ("SELECT * FROM purchases", "TABLE_NOT_FOUND: Table 'awsdatacatalog.shop.purchases' does not exist"),
        ("SELECT * FROM lake.shop.sales", "CATALOG_NOT_FOUND: Catalog 'lake' does not exist"),
        ("SELECT ds, mean FROM sales GROUP BY ds", "SYNTAX_ERROR: "),
        ("SELECT CAST(name AS bigint) FROM sales", "GENERIC_USER_ERROR: "),
    ],
)
def test_a_wrong_query_fails_with_a_reason(queries: Queries, query: str, reason: str) -> None:
    status = queries.run(query)["Status"]
    assert status["State"] == "FAILED"
    assert status["StateChangeReason"].startswith(reason)


def test_a_failed_query_has_no_results(cloud: LocalCloud, queries: Queries) -> None:
    failed = queries.run("SELECT price FROM sales")["QueryExecutionId"]
    with pytest.raises(ClientError, match="did not finish successfully"):
        cloud.client("athena").get_query_results(QueryExecutionId=failed)


def test_a_file_must_have_the_types_of_the_catalog(queries: Queries) -> None:
    queries.table("stale", {"1": pl.DataFrame({"mean": [0.1]})}, types={"mean": "float", "later": "string"})
    reason = queries.run("SELECT mean FROM stale")["Status"]["StateChangeReason"]
    assert reason.startswith("HIVE_BAD_DATA: Field mean's type DOUBLE in parquet file s3://")
    queries.table("grown", {"1": pl.DataFrame({"mean": [0.1]})}, types={"mean": "double", "later": "string"})
    assert queries.rows("SELECT * FROM grown") == [["mean", "later", "day"], ["0.1", None, "1"]]
    queries.table("text", {}, form=TEXT)
    assert "reads only Parquet files" in queries.run("SELECT mean FROM text")["Status"]["StateChangeReason"]


@pytest.mark.parametrize(
    ("query", "options", "message"),
    [
        ("SELECT 1 FROM WHERE", {}, "Line 1"),
        ("SELECT 1; SELECT 2", {}, "Only one sql statement is allowed"),
        ("DROP TABLE sales", {}, "executes only SELECT queries"),
        ("SELECT 1", {"WorkGroup": "missing"}, "WorkGroup missing is not found"),
        ("SELECT 1", {"WorkGroup": "disabled"}, "WorkGroup disabled is disabled"),
        ("SELECT 1", {"WorkGroup": "primary"}, "No output location provided"),
        (
            "SELECT 1",
            {"WorkGroup": "primary", "ResultConfiguration": {"OutputLocation": "s3://missing-bucket/"}},
            "Unable to verify/create output bucket missing-bucket",
        ),
    ],
)
def test_a_request_is_refused_at_once(queries: Queries, query: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ClientError, match=message) as caught:
        queries.start(query, **options)
    assert caught.value.response["Error"]["Code"] == "InvalidRequestException"


def test_a_query_over_the_limit_is_canceled(queries: Queries) -> None:
    rows = pl.DataFrame({"n": range(700_000)}).select(
        mean=(pl.col("n") * 0.7307).sin(), article=pl.col("n").hash(7).cast(pl.Float64)
    )
    types = {"mean": "double", "article": "double"}
    queries.table("large", {"1": rows, "2": rows}, types=types)
    over = queries.run("SELECT sum(mean) FROM large")
    assert over["Status"]["State"] == "CANCELLED"
    assert over["Status"]["StateChangeReason"] == "Bytes scanned limit was exceeded"
    of_one_day = queries.run("SELECT sum(mean) FROM large WHERE day = '1'")
    assert of_one_day["Status"]["State"] == "SUCCEEDED"
    assert 5_000_000 < of_one_day["Statistics"]["DataScannedInBytes"] < over["Statistics"]["DataScannedInBytes"]


EVERYTHING = ["athena:*", "glue:*", "s3:*", "kms:*"]


@pytest.mark.parametrize(
    ("name", "actions", "reason"),
    [
        ("all", EVERYTHING, None),
        ("catalog", ["athena:*", "s3:*", "kms:*"], "Insufficient permissions to execute the query."),
        (
            "list",
            ["athena:*", "glue:*", "kms:*", "s3:Get*", "s3:PutObject"],
            "PERMISSION_DENIED: Access denied on S3 path",
        ),
        (
            "read",
            ["athena:*", "glue:*", "kms:*", "s3:List*", "s3:GetBucket*"],
            "PERMISSION_DENIED: Access denied on S3 path",
        ),
        ("write", ["athena:*", "glue:*", "kms:*", "s3:List*", "s3:Get*"], "Access denied when writing output to url"),
    ],
)
def test_a_query_has_the_permissions_of_its_caller(
    cloud: LocalCloud, queries: Queries, name: str, actions: list[str], reason: str | None
) -> None:
    started = start_as_role(cloud, name, actions)
    assert started["status"] == "SUCCEEDED", started
    status = queries.wait(json.loads(started["output"])["QueryExecutionId"])["Status"]
    assert status.get("StateChangeReason", "").startswith(reason or "")
    assert status["State"] == ("FAILED" if reason else "SUCCEEDED")


@pytest.mark.parametrize(
    ("name", "actions", "message"),
    [
        ("bucket", ["athena:*", "glue:*", "kms:*"], "Unable to verify/create output bucket"),
        ("start", ["glue:*", "s3:*", "kms:*"], "not authorized to perform: athena:StartQueryExecution"),
    ],
)
@pytest.mark.usefixtures("queries")
def test_a_caller_without_permission_cannot_start_a_query(
    cloud: LocalCloud, name: str, actions: list[str], message: str
) -> None:
    started = start_as_role(cloud, name, actions)
    assert started["status"] == "FAILED"
    assert message in started["cause"]


def start_as_role(cloud: LocalCloud, name: str, actions: list[str]) -> dict[str, Any]:
    """Start a query of `sales` in a state machine, whose role may do the actions."""
    roles = cloud.client("iam")
    trust = {"Version": "2012-10-17", "Statement": []}
    arn = roles.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    roles.put_role_policy(RoleName=name, PolicyName="policy", PolicyDocument=document)
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:athena:startQueryExecution",
        "Parameters": {
            "QueryString": "SELECT count(*) FROM sales",
            "WorkGroup": "limited",
            "QueryExecutionContext": {"Database": DATABASE},
        },
        "End": True,
    }
    machines = cloud.client("stepfunctions")
    definition = json.dumps({"StartAt": "Query", "States": {"Query": state}})
    machine = machines.create_state_machine(name=name, definition=definition, roleArn=arn)["stateMachineArn"]
    return dict(
        wait_for_execution(cloud.client, machines.start_execution(stateMachineArn=machine)["executionArn"], seconds=30)
    )
