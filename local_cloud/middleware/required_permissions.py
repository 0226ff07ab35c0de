"""Lists the permissions that a call needs: its own action, and those for encryption keys, tags and passed roles."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from moto.athena.models import athena_backends

from local_cloud.iam import keys
from local_cloud.iam.statements import Permission
from local_cloud.middleware.api_calls import ApiCall
from local_cloud.middleware.own_permissions import own_permissions

_SSE = "x-amz-server-side-encryption"
_LISTS_OF_OBJECTS = ("ListBucket", "ListBucketVersions")
# SQS asks one permission for a call and for its batch.
_BATCH = "Batch"
_KEY_ACTIONS_OF_QUEUES = {"SendMessage": ("Decrypt", "GenerateDataKey"), "ReceiveMessage": ("Decrypt",)}


def needed_for(call: ApiCall, account: str) -> list[Permission]:
    """Return the permissions that a call needs.

    Raises:
        NotImplementedError: The local cloud does not know them.
    """
    place = f"{call.region}:{account}"
    own = own_permissions(call, place)
    if own is not None:
        return own
    permissions_of = _PERMISSIONS.get(f"{call.service}:{call.action}") or _PERMISSIONS.get(call.service)
    if permissions_of is None:
        raise NotImplementedError("the local cloud does not know which permissions this call needs")
    return list(permissions_of(call, place))


def _s3_permissions(call: ApiCall, place: str) -> Iterator[Permission]:
    bucket, _, key = call.subject.partition("/")
    if call.action == "DeleteObjects":
        for each in call.parameters["Objects"]:
            action = "s3:DeleteObjectVersion" if "VersionId" in each else "s3:DeleteObject"
            yield Permission(action, f"arn:aws:s3:::{bucket}/{each['Key']}")
        return
    if not key:
        context = {"s3:prefix": call.parameters.get("prefix", "")} if call.action in _LISTS_OF_OBJECTS else {}
        yield Permission(f"s3:{call.action}", f"arn:aws:s3:::{bucket}" if bucket else "*", context)
        return
    sent = {name: value for name, value in call.headers.items() if name.startswith(_SSE)}
    context = {f"s3:{name}": value for name, value in sent.items()}
    yield Permission(f"s3:{call.action}", f"arn:aws:s3:::{bucket}/{key}", context)
    if call.action in ("GetObject", "GetObjectVersion"):
        yield from keys.on_stored_object(call.subject, place=place)
    if call.action == "PutObject" and sent.get(_SSE, "aws:kms") == "aws:kms":
        parts = {"uploads", "uploadId"} & call.parameters.keys()
        # The parts of an upload are encrypted singly. S3 decrypts them to join them.
        actions = ("Decrypt", "GenerateDataKey") if parts else ("GenerateDataKey",)
        yield from keys.on_object(call.subject, actions, place=place, key=sent.get(f"{_SSE}-aws-kms-key-id", ""))
    if source := call.headers.get("x-amz-copy-source"):
        yield from _reading(unquote(source).lstrip("/").partition("?")[0], place)


def _reading(subject: str, place: str) -> Iterator[Permission]:
    """Yield the permissions to read an object."""
    yield Permission("s3:GetObject", f"arn:aws:s3:::{subject}")
    yield from keys.on_stored_object(subject, place=place)


def _dynamodb_permissions(call: ApiCall, place: str) -> Iterator[Permission]:
    name = call.parameters["TableName"]
    index = call.parameters.get("IndexName")
    table = f"arn:aws:dynamodb:{place}:table/{name}"
    yield Permission(f"dynamodb:{call.action}", f"{table}/index/{index}" if index else table)
    yield from keys.on_table(name, place=place)


def _glue_permissions(call: ApiCall, place: str) -> Iterator[Permission]:
    database = call.parameters["DatabaseName"]
    table = call.parameters.get("TableName") or call.parameters.get("Name") or call.parameters["TableInput"]["Name"]
    for resource in ("catalog", f"database/{database}", f"table/{database}/{table}"):
        yield Permission(f"glue:{call.action}", f"arn:aws:glue:{place}:{resource}")


def _databases_permissions(call: ApiCall, place: str) -> Iterator[Permission]:
    for resource in ("catalog", f"database/{call.parameters.get('Name', '*')}"):
        yield Permission(f"glue:{call.action}", f"arn:aws:glue:{place}:{resource}")


def _athena_permissions(call: ApiCall, place: str) -> Iterator[Permission]:
    region, _, account = place.partition(":")
    execution: Any = athena_backends[account][region].executions.get(call.parameters.get("QueryExecutionId", ""))
    own = execution.workgroup if execution else None
    workgroup = own.name if own else call.parameters.get("WorkGroup", "primary")
    yield Permission(f"athena:{call.action}", f"arn:aws:athena:{place}:workgroup/{workgroup}")
    if call.action == "GetQueryResults" and execution:
        yield from _reading(execution.location.removeprefix("s3://"), place)


def _states_permissions(call: ApiCall, _place: str) -> Iterator[Permission]:
    subject = call.parameters.get("executionArn") or call.parameters.get("stateMachineArn", "*")
    yield Permission(f"states:{call.action}", subject)


def _lambda_permissions(call: ApiCall, place: str) -> Iterator[Permission]:
    function = call.parameters.get("FunctionName") or call.subject
    name = function if function.startswith("arn:") else f"arn:aws:lambda:{place}:function:{function}"
    yield Permission(f"lambda:{call.action}", name)


def _sns_permissions(call: ApiCall, place: str) -> Iterator[Permission]:
    topic = call.parameters.get("TopicArn") or f"arn:aws:sns:{place}:{call.parameters.get('Name', '*')}"
    context = {f"sns:{name}": call.parameters[name] for name in ("Endpoint", "Protocol") if name in call.parameters}
    yield Permission(f"sns:{call.action}", topic, context)
    if call.action == "Publish":
        yield from keys.on_topic(topic, place=place)


def _sqs_permissions(call: ApiCall, place: str) -> Iterator[Permission]:
    action = call.action.removesuffix(_BATCH)
    name = call.parameters.get("QueueName") or call.parameters.get("QueueUrl", "").rpartition("/")[2]
    queue = f"arn:aws:sqs:{place}:{name or '*'}"
    yield Permission(f"sqs:{action}", queue)
    yield from keys.on_queue(queue, _KEY_ACTIONS_OF_QUEUES.get(action, ()), place=place)


def _sagemaker_permissions(call: ApiCall, place: str) -> Iterator[Permission]:
    parameters = call.parameters
    job: Any = parameters.get("TrainingJobName")
    kind = "training-job" if job else "processing-job"
    resource = f"arn:aws:sagemaker:{place}:{kind}/{job or parameters['ProcessingJobName']}"
    yield Permission(f"sagemaker:{call.action}", resource)
    if call.action.startswith("Create"):
        if parameters.get("Tags"):
            yield Permission("sagemaker:AddTags", resource)
            yield Permission("sagemaker:ListTags", resource)
        yield Permission("iam:PassRole", parameters["RoleArn"], {"iam:PassedToService": "sagemaker.amazonaws.com"})
        yield from _volume_permissions(parameters, place)


def _volume_permissions(parameters: Mapping[str, Any], place: str) -> Iterator[Permission]:
    """Yield the permission to let the instances use the key of their volumes: the job's role or the caller needs it."""
    resources = parameters.get("ResourceConfig") or parameters.get("ProcessingResources", {}).get("ClusterConfig", {})
    for needed in keys.through_service(
        resources.get("VolumeKmsKeyId"), ["CreateGrant"], service="sagemaker", place=place, context={}
    ):
        context = {**needed.context, "kms:GrantIsForAWSResource": "true"}
        yield Permission(needed.action, needed.resource, context, role=parameters["RoleArn"])


def _logs_permissions(call: ApiCall, place: str) -> Iterator[Permission]:
    group = f"arn:aws:logs:{place}:log-group:{call.parameters['logGroupName']}"
    stream = call.parameters.get("logStreamName")
    yield Permission(f"logs:{call.action}", f"{group}:log-stream:{stream}" if stream else f"{group}:*")


def _kms_permissions(call: ApiCall, place: str) -> Iterator[Permission]:
    key = call.parameters.get("KeyId")
    context = {
        f"kms:EncryptionContext:{name}": value for name, value in call.parameters.get("EncryptionContext", {}).items()
    }
    yield Permission(f"kms:{call.action}", keys.key_arn(key, place) if key else "*", context)


def _schedule_permissions(call: ApiCall, place: str) -> Iterator[Permission]:
    group, name = call.parameters.get("GroupName", "default"), call.parameters["Name"]
    yield Permission(f"scheduler:{call.action}", f"arn:aws:scheduler:{place}:schedule/{group}/{name}")
    role = call.parameters["Target"]["RoleArn"]
    yield Permission("iam:PassRole", role, {"iam:PassedToService": "scheduler.amazonaws.com"})


def _stacks_permissions(call: ApiCall, place: str) -> Iterator[Permission]:
    name = call.parameters.get("StackName")
    yield Permission("cloudformation:DescribeStacks", f"arn:aws:cloudformation:{place}:stack/{name or '*'}/*")
    if name is None:
        yield Permission("cloudformation:ListStacks", f"arn:aws:cloudformation:{place}:stack/*/*")


_PERMISSIONS = {
    "athena": _athena_permissions,
    "s3": _s3_permissions,
    "dynamodb": _dynamodb_permissions,
    "cloudformation:DescribeStacks": _stacks_permissions,
    "glue": _glue_permissions,
    "glue:GetDatabases": _databases_permissions,
    "states": _states_permissions,
    "lambda": _lambda_permissions,
    "scheduler:UpdateSchedule": _schedule_permissions,
    "sns": _sns_permissions,
    "sqs": _sqs_permissions,
    "sagemaker": _sagemaker_permissions,
    "logs": _logs_permissions,
    "kms": _kms_permissions,
}
