"""A request is read as the call that its service sees: the action in policies, and the parameters."""

from typing import Any

import pytest

from local_cloud.middleware.api_calls import ApiCall, read_call

OBJECTS = b"<Delete><Object><Key>a&amp;b</Key><VersionId>1</VersionId></Object><Object><Key>c</Key></Object></Delete>"
SCHEDULE = b'{"GroupName": "own", "Target": {"Arn": "a", "RoleArn": "r"}, "FlexibleTimeWindow": {"Mode": "OFF"}}'


def read(service: str, request: str, *, body: bytes = b"", host: str = "localhost:80", **headers: str) -> ApiCall:
    method, _, uri = request.partition(" ")
    path, _, query = uri.partition("?")
    signed = f"AWS4-HMAC-SHA256 Credential=KEY/20261129/eu-central-1/{service}/aws4_request, Signature=x"
    request_line = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, "HTTP_HOST": host}
    server = {"wsgi.url_scheme": "http", "SERVER_NAME": "localhost", "SERVER_PORT": "80"}
    call = read_call({"HTTP_AUTHORIZATION": signed, **request_line, **server, **headers}, body)
    assert call is not None
    return call


@pytest.mark.parametrize(
    ("request_line", "action", "subject"),
    [
        ("GET /", "ListAllMyBuckets", ""),
        ("GET /data?list-type=2&prefix=a", "ListBucket", "data"),
        ("GET /data/?list-type=2", "ListBucket", "data"),
        ("HEAD /data", "ListBucket", "data"),
        ("GET /data?versions&prefix=a", "ListBucketVersions", "data"),
        ("GET /data?location", "GetBucketLocation", "data"),
        ("GET /data?policy", "GetBucketPolicy", "data"),
        ("PUT /data", "CreateBucket", "data"),
        ("GET /data/a/b c+d%", "GetObject", "data/a/b c+d%"),
        ("HEAD /data/a", "GetObject", "data/a"),
        ("GET /data/a?versionId=1", "GetObjectVersion", "data/a"),
        ("PUT /data/folder/", "PutObject", "data/folder/"),
        ("POST /data/a?uploads", "PutObject", "data/a"),
        ("PUT /data/a?uploadId=1&partNumber=2", "PutObject", "data/a"),
        ("POST /data/a?uploadId=1", "PutObject", "data/a"),
        ("GET /data/a?uploadId=1", "ListMultipartUploadParts", "data/a"),
        ("DELETE /data/a?uploadId=1", "AbortMultipartUpload", "data/a"),
        ("DELETE /data/a", "DeleteObject", "data/a"),
        ("DELETE /data/a?versionId=1", "DeleteObjectVersion", "data/a"),
    ],
)
def test_requests_to_s3(request_line: str, action: str, subject: str) -> None:
    call = read("s3", request_line)
    assert (call.action, call.subject) == (action, subject)


def test_the_bucket_may_be_in_the_host() -> None:
    call = read("s3", "GET /?list-type=2", host="data.localhost:80")
    assert (call.action, call.subject) == ("ListBucket", "data")
    call = read("s3", "GET /a", host="data.localhost:80")
    assert (call.action, call.subject) == ("GetObject", "data/a")


def test_a_copy_is_an_upload() -> None:
    call = read("s3", "PUT /data/a", HTTP_X_AMZ_COPY_SOURCE="data/b")
    assert (call.action, call.headers) == ("PutObject", {"x-amz-copy-source": "data/b"})


def test_the_objects_to_delete_are_parameters() -> None:
    call = read("s3", "POST /data?delete", body=OBJECTS)
    assert call.action == "DeleteObjects"
    assert call.parameters["Objects"] == [{"Key": "a&b", "VersionId": "1"}, {"Key": "c"}]


@pytest.mark.parametrize(
    ("service", "request_line", "body", "action", "parameters"),
    [
        ("lambda", "GET /2015-03-31/functions/x/configuration", b"", "GetFunctionConfiguration", {"FunctionName": "x"}),
        ("lambda", "GET /2015-03-31/functions/", b"", "ListFunctions", {}),
        ("scheduler", "GET /schedules?NamePrefix=x", b"", "ListSchedules", {"NamePrefix": "x"}),
        ("scheduler", "DELETE /schedules/x?groupName=own", b"", "DeleteSchedule", {"Name": "x", "GroupName": "own"}),
        (
            "scheduler",
            "PUT /schedules/x",
            SCHEDULE,
            "UpdateSchedule",
            {"Name": "x", "GroupName": "own", "Target": {"Arn": "a", "RoleArn": "r"}},
        ),
        ("lakeformation", "POST /GetDataLakeSettings", b"{}", "GetDataLakeSettings", {}),
        ("scheduler", "GET /nothing", b"", "GET", {}),
        ("no-service", "GET /", b"", "GET", {}),
        ("iam", "POST /", b"Action=GetRole&RoleName=x", "GetRole", {"RoleName": "x"}),
    ],
)
def test_requests_to_other_services(
    service: str, request_line: str, body: bytes, action: str, parameters: dict[str, Any]
) -> None:
    call = read(service, request_line, body=body)
    assert call.action == action
    assert call.parameters.items() >= parameters.items()
