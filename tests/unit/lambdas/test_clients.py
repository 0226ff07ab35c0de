"""Clients are created on first use, once per service."""

from typing import Any

import boto3
import pytest
from botocore.config import Config

from lambdas.shared.clients import clients


def test_a_client_is_created_once_on_first_use(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[str, Any]] = []

    def make(service: str, *, config: Config | None) -> object:
        made.append((service, config))
        return object()

    monkeypatch.setattr(boto3, "client", make)
    config = Config(max_pool_connections=32)
    client = clients(config)
    assert made == []
    assert client("s3") is client("s3")
    client("dynamodb")
    assert made == [("s3", config), ("dynamodb", config)]
