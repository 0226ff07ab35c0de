"""Lists the permissions that a call needs: its own action, and those for encryption keys, tags and passed roles."""

from collections.abc import Iterator
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import s3_backends
from moto.sns.models import sns_backends

from local_cloud.middleware.api_calls import ApiCall
from local_cloud.middleware.policy_evaluation import Permission


def needed_for(call: ApiCall, account: str) -> list[Permission]:
    """Return the permissions that a call needs; empty for services whose calls are not checked."""
    permissions_of = _PERMISSIONS_BY_SERVICE.get(call.service)
    return list(permissions_of(call, f"{call.region}:{account}")) if permissions_of else []


def _s3_permissions(call: ApiCall, place: str) -> Iterator[Permission]:
    bucket, _, key = call.subject.partition("/")
    if call.action == "ListBucket":
        context = {"s3:prefix": call.parameters.get("prefix", "")}
        yield Permission("s3:ListBucket", f"arn:aws:s3:::{bucket}", context)
        return
    if call.action == "GetBucketLocation":
        yield Permission("s3:GetBucketLocation", f"arn:aws:s3:::{bucket}")
        return
    yield Permission(f"s3:{call.action}", f"arn:aws:s3:::{bucket}/{key}")
    encrypting = _bucket_key(bucket, place.partition(":")[2])
    if encrypting and call.action == "GetObject":
        yield Permission("kms:Decrypt", encrypting)
    if encrypting and call.action == "PutObject":
        yield Permission("kms:GenerateDataKey", encrypting)


def _bucket_key(bucket: str, account: str) -> str | None:
    """Return the ARN of the key that a bucket encrypts with by default."""
    known = s3_backends[account]["aws"].buckets.get(bucket)
    rules = (known.encryption or {}).get("Rule", []) if known else []
    for rule in rules if isinstance(rules, list) else [rules]:
        key = rule.get("ApplyServerSideEncryptionByDefault", {}).get("KMSMasterKeyID")
        if key:
            return str(key)
    return None


def _dynamodb_permissions(call: ApiCall, place: str) -> Iterator[Permission]:
    region, _, account = place.partition(":")
    name = call.parameters["TableName"]
    index = call.parameters.get("IndexName")
    table = f"arn:aws:dynamodb:{place}:table/{name}"
    yield Permission(f"dynamodb:{call.action}", f"{table}/index/{index}" if index else table)
    known = dynamodb_backends[account][region].tables.get(name)
    key = (known.sse_specification or {}).get("KMSMasterKeyId") if known else None
    if key:
        for action in ("Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey"):
            yield Permission(f"kms:{action}", str(key))


def _glue_permissions(call: ApiCall, place: str) -> Iterator[Permission]:
    database = call.parameters["DatabaseName"]
    table = call.parameters.get("TableName") or call.parameters.get("Name") or call.parameters["TableInput"]["Name"]
    for resource in ("catalog", f"database/{database}", f"table/{database}/{table}"):
        yield Permission(f"glue:{call.action}", f"arn:aws:glue:{place}:{resource}")


def _states_permissions(call: ApiCall, _place: str) -> Iterator[Permission]:
    subject = call.parameters.get("executionArn") or call.parameters.get("stateMachineArn", "*")
    yield Permission(f"states:{call.action}", subject)


def _lambda_permissions(call: ApiCall, place: str) -> Iterator[Permission]:
    name = call.subject if call.subject.startswith("arn:") else f"arn:aws:lambda:{place}:function:{call.subject}"
    yield Permission("lambda:InvokeFunction", name)


def _sns_permissions(call: ApiCall, place: str) -> Iterator[Permission]:
    region, _, account = place.partition(":")
    topic = call.parameters["TopicArn"]
    yield Permission(f"sns:{call.action}", topic)
    known = sns_backends[account][region].topics.get(topic)
    if known is not None and known.kms_master_key_id:
        yield Permission("kms:Decrypt", known.kms_master_key_id)
        yield Permission("kms:GenerateDataKey", known.kms_master_key_id)


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
        # Only state machines create jobs as a role. With `.sync`, Step Functions manages a rule for the jobs' events.
        rule = f"StepFunctionsGetEventsForSageMaker{'Training' if job else 'Processing'}JobsRule"
        for action in ("DescribeRule", "PutRule", "PutTargets"):
            yield Permission(f"events:{action}", f"arn:aws:events:{place}:rule/{rule}")
        yield Permission("iam:PassRole", parameters["RoleArn"], {"iam:PassedToService": "sagemaker.amazonaws.com"})


def _logs_permissions(call: ApiCall, place: str) -> Iterator[Permission]:
    group = f"arn:aws:logs:{place}:log-group:{call.parameters['logGroupName']}"
    stream = call.parameters.get("logStreamName")
    yield Permission(f"logs:{call.action}", f"{group}:log-stream:{stream}" if stream else f"{group}:*")


def _ecr_permissions(call: ApiCall, place: str) -> Iterator[Permission]:
    yield Permission(f"ecr:{call.action}", f"arn:aws:ecr:{place}:repository/{call.parameters['repositoryName']}")


def _kms_permissions(call: ApiCall, _place: str) -> Iterator[Permission]:
    yield Permission(f"kms:{call.action}", call.parameters["KeyId"])


def _service_quotas_permissions(call: ApiCall, _place: str) -> Iterator[Permission]:
    yield Permission(f"servicequotas:{call.action}", "*")


_PERMISSIONS_BY_SERVICE = {
    "s3": _s3_permissions,
    "dynamodb": _dynamodb_permissions,
    "glue": _glue_permissions,
    "states": _states_permissions,
    "lambda": _lambda_permissions,
    "sns": _sns_permissions,
    "sagemaker": _sagemaker_permissions,
    "logs": _logs_permissions,
    "ecr": _ecr_permissions,
    "kms": _kms_permissions,
    "servicequotas": _service_quotas_permissions,
}
