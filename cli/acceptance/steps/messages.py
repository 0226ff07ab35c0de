"""Steps about messages: a queue listens to the application's topic from the deployment on."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cli.acceptance.steps.step import expect
from cli.acceptance.trial import Trial

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# Kind of message, and a part of its text.
KINDS = {
    "published": "forecasts published",
    "rejected": "(QualityGateFailed)",
    "failed": "(InputError)",
    "aborted": "ended with status ABORTED",
}
SECONDS, LOCAL_SECONDS = 180.0, 10.0


def listen(trial: Trial) -> str:
    """Subscribe a queue to the messages of the application, for the step `messages`."""
    sqs, sns, topic = trial.place.client("sqs"), trial.place.client("sns"), trial.outputs["OutcomesTopicArn"]
    url = sqs.create_queue(QueueName=_queue_name(trial))["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": arn,
                "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
            }
        ],
    }
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return f"queue {_queue_name(trial)} is subscribed to {topic.rpartition(':')[2]}"


def read_messages(trial: Trial) -> str:
    """Read the messages of all steps so far."""
    sqs = trial.place.client("sqs")
    url = sqs.get_queue_url(QueueName=_queue_name(trial))["QueueUrl"]
    texts = json.loads(trial.record.facts.get("messages", "[]"))

    def have_all() -> bool:
        texts.extend(_received(sqs, url))
        trial.record.keep(messages=json.dumps(texts))
        return not _missing(texts)

    trial.wait_until(have_all, seconds=SECONDS if trial.place.is_aws else LOCAL_SECONDS)
    expect(not _missing(texts), f"{len(texts)} messages, but none of: {', '.join(_missing(texts))}")
    return f"{len(texts)} messages, among them {', '.join(KINDS)}"


def stop_listening(trial: Trial) -> None:
    """Delete the queue, if it exists. SNS keeps no subscription of a topic that is deleted."""
    sqs = trial.place.client("sqs")
    for url in sqs.list_queues(QueueNamePrefix=_queue_name(trial)).get("QueueUrls", []):
        sqs.delete_queue(QueueUrl=url)


def _missing(texts: list[str]) -> list[str]:
    return [kind for kind, part in KINDS.items() if not any(part in text for text in texts)]


def _received(sqs: "SQSClient", url: str) -> Iterator[str]:
    """Read all waiting messages: subject and text of each."""
    while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", []):
        for message in found:
            body: dict[str, Any] = json.loads(message["Body"])
            yield f"{body.get('Subject', '')}\n{body['Message']}"
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def _queue_name(trial: Trial) -> str:
    return f"{trial.settings.name}-messages-received"
