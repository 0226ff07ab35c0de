"""Which permissions a call needs, beside its own what the services ask for in its wake: keys, tags, roles handed on."""

from collections.abc import Iterator
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import s3_backends
from moto.sns.models import sns_backends

from local_cloud.middleware.api_calls import ApiCall
from local_cloud.middleware.policy_evaluation import Permission


def needed_for(call: ApiCall, account: str) -> list[Permission]:
    """The permissions a call needs; none for services whose calls are not judged here."""
    judge = _JUDGES.get(call.service)
    return list(judge(call, f"{call.region}:{account}")) if judge else []


def _of_s3(call: ApiCall, place: str) -> Iterator[Permission]:
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
    """ARN of the key that a bucket encrypts with by default."""
    known = s3_backends[account]["aws"].buckets.get(bucket)
    rules = (known.encryption or {}).get("Rule", []) if known else []
    for rule in rules if isinstance(rules, list) else [rules]:
        key = rule.get("ApplyServerSideEncryptionByDefault", {}).get("KMSMasterKeyID")
        if key:
            return str(key)
    return None


def _of_dynamodb(call: ApiCall, place: str) -> Iterator[Permission]:
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


def _of_glue(call: ApiCall, place: str) -> Iterator[Permission]:
    database = call.parameters["DatabaseName"]
    table = call.parameters.get("TableName") or call.parameters.get("Name") or call.parameters["TableInput"]["Name"]
    for resource in ("catalog", f"database/{database}", f"table/{database}/{table}"):
        yield Permission(f"glue:{call.action}", f"arn:aws:glue:{place}:{resource}")


def _of_states(call: ApiCall, _place: str) -> Iterator[Permission]:
    subject = call.parameters.get("executionArn") or call.parameters.get("stateMachineArn", "*")
    yield Permission(f"states:{call.action}", subject)


def _of_lambda(call: ApiCall, place: str) -> Iterator[Permission]:
    name = call.subject if call.subject.startswith("arn:") else f"arn:aws:lambda:{place}:function:{call.subject}"
    yield Permission("lambda:InvokeFunction", name)


def _of_sns(call: ApiCall, place: str) -> Iterator[Permission]:
    region, _, account = place.partition(":")
    topic = call.parameters["TopicArn"]
    yield Permission(f"sns:{call.action}", topic)
    known = sns_backends[account][region].topics.get(topic)
    if known is not None and known.kms_master_key_id:
        yield Permission("kms:Decrypt", known.kms_master_key_id)
        yield Permission("kms:GenerateDataKey", known.kms_master_key_id)


def _of_sagemaker(call: ApiCall, place: str) -> Iterator[Permission]:
    given = call.parameters
    job: Any = given.get("TrainingJobName")
    kind = "training-job" if job else "processing-job"
    resource = f"arn:aws:sagemaker:{place}:{kind}/{job or given['ProcessingJobName']}"
    yield Permission(f"sagemaker:{call.action}", resource)
    if call.action.startswith("Create"):
        if given.get("Tags"):
            yield Permission("sagemaker:AddTags", resource)
        yield Permission("iam:PassRole", given["RoleArn"], {"iam:PassedToService": "sagemaker.amazonaws.com"})


def _of_logs(call: ApiCall, place: str) -> Iterator[Permission]:
    group = f"arn:aws:logs:{place}:log-group:{call.parameters['logGroupName']}"
    stream = call.parameters.get("logStreamName")
    yield Permission(f"logs:{call.action}", f"{group}:log-stream:{stream}" if stream else f"{group}:*")


def _of_ecr(call: ApiCall, place: str) -> Iterator[Permission]:
    yield Permission(f"ecr:{call.action}", f"arn:aws:ecr:{place}:repository/{call.parameters['repositoryName']}")


def _of_kms(call: ApiCall, _place: str) -> Iterator[Permission]:
    yield Permission(f"kms:{call.action}", call.parameters["KeyId"])


def _of_service_quotas(call: ApiCall, _place: str) -> Iterator[Permission]:
    yield Permission(f"servicequotas:{call.action}", "*")


_JUDGES = {
    "s3": _of_s3,
    "dynamodb": _of_dynamodb,
    "glue": _of_glue,
    "states": _of_states,
    "lambda": _of_lambda,
    "sns": _of_sns,
    "sagemaker": _of_sagemaker,
    "logs": _of_logs,
    "ecr": _of_ecr,
    "kms": _of_kms,
    "servicequotas": _of_service_quotas,
}
