"""SNS: delivers a message to a queue only if the queue, and the queue's key, let the topic in."""

import logging
from collections.abc import Callable
from typing import Any

from moto.sns.models import Subscription

from local_cloud.core.patching import patch_attribute
from local_cloud.iam import keys
from local_cloud.iam.authorizer import Authorizer
from local_cloud.iam.callers import Caller
from local_cloud.iam.statements import Permission

_LOG = logging.getLogger(__name__)


def install(authorizer: Authorizer) -> None:
    """Check every delivery to a queue. Nobody hears of a refused one, as on AWS; the server's log has it."""

    def checking(original: Callable[..., None]) -> Callable[..., None]:
        def publish(self: Subscription, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as the original
            missing = _missing(self, authorizer) if self.protocol == "sqs" else None
            if missing is None:
                original(self, *args, **kwargs)
            else:
                _LOG.warning(
                    "topic %s: cannot deliver to %s: no policy allows %s", self.topic.arn, self.endpoint, missing.action
                )

        return publish

    patch_attribute(Subscription, "publish", checking)


def _missing(subscription: Subscription, authorizer: Authorizer) -> Permission | None:
    queue = subscription.endpoint
    place = f"{queue.split(':')[3]}:{authorizer.account}"
    sending = Permission("sqs:SendMessage", queue)
    encrypting = keys.on_queue(queue, ("Decrypt", "GenerateDataKey"), place=place)
    caller = Caller(name="sns.amazonaws.com", source=subscription.topic.arn)
    return authorizer.first_missing(caller, [sending, *encrypting])
