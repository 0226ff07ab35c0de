"""A function that behaves as its event requests."""

import os
import time
from typing import Any

import boto3


class InputError(Exception):
    """The input is invalid."""


def handle(event: dict[str, Any], context: Any) -> Any:
    print("asked:", event)
    ask = event.get("ask")
    if ask == "raise":
        raise InputError("demand: no files; upload some")
    if ask == "sleep":
        time.sleep(60)
    if ask == "exit":
        os._exit(7)
    if ask == "set":
        return {1, 2}
    return {
        "event": event,
        "color": os.environ["COLOR"],
        "buckets": [bucket["Name"] for bucket in boto3.client("s3").list_buckets()["Buckets"]],
        "function": context.function_name,
        "remaining": context.get_remaining_time_in_millis(),
        "leaked": sorted(name for name in os.environ if name.startswith("LEAK")),
    }
