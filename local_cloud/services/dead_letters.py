"""Sends what a service could not deliver to a dead-letter queue."""

from collections.abc import Mapping

import boto3

from local_cloud.core.server_settings import Connection


def send_to_queue(
    queue: str, body: str, *, connection: Connection, attributes: Mapping[str, str] | None = None
) -> None:
    """Send a message as the caller of the connection.

    Args:
        queue: ARN of the queue.
        body: The message.
        connection: Connection of the service, or of the role that it assumed.
        attributes: Attributes of the message.

    Raises:
        ClientError: SQS refuses the message.
    """
    *_, account, name = queue.split(":")
    boto3.client("sqs", **connection).send_message(
        QueueUrl=f"{connection['endpoint_url']}/{account}/{name}",
        MessageBody=body,
        MessageAttributes={
            key: {"DataType": "String", "StringValue": value} for key, value in (attributes or {}).items()
        },
    )
