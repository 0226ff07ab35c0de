"""Preflight looks up the instance types in the price list. Moto has none, so the responses have the form of AWS's."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest
from boto3 import Session
from botocore.stub import Stubber

from cli.environment import read_settings
from cli.preflight.regional_instances import check_regional_instances

if TYPE_CHECKING:
    from mypy_boto3_pricing import PricingClient

# Instance types of prod: ml.m7i.large, ml.m6i.large, ml.m5.large; of its fleet: ml.m6i.2xlarge, ml.m5.2xlarge.
PROD = read_settings("prod")


@pytest.fixture
def prices(account: Session) -> "PricingClient":
    return account.client("pricing", region_name="us-east-1")


def offer(answers: Stubber, kind: str, *pages: Sequence[str]) -> None:
    """Expect the calls for one kind of job, and answer with the pages of instance types."""
    terms = {"regionCode": "eu-central-1", "platoinstancetype": kind}
    filters = [{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in terms.items()]
    for number, types in enumerate(pages):
        products = [{"product": {"attributes": {"instanceName": each, "platoinstancetype": kind}}} for each in types]
        more = {"NextToken": str(number + 1)} if number + 1 < len(pages) else {}
        before = {"NextToken": str(number)} if number else {}
        answers.add_response(
            "get_products",
            {"FormatVersion": "aws_v1", "PriceList": [json.dumps(each) for each in products], **more},
            {"ServiceCode": "AmazonSageMaker", "Filters": filters, **before},
        )


def test_all_types_are_offered(prices: "PricingClient") -> None:
    with Stubber(prices) as answers:
        offer(answers, "Training", ["ml.m5.large"], ["ml.m6i.large", "ml.m7i.large"])
        offer(answers, "Processing", ["ml.m6i.2xlarge", "ml.m5.2xlarge"])
        found = check_regional_instances(prices, PROD)
        answers.assert_no_pending_responses()
    assert [each.verdict for each in found] == ["ok", "ok"]


def test_a_missing_type_and_a_region_without_any(prices: "PricingClient") -> None:
    with Stubber(prices) as answers:
        offer(answers, "Training", ["ml.m5.large", "ml.m6i.large"])
        offer(answers, "Processing", ["ml.c5.large", "ml.m4.2xlarge"])
        training, processing = check_regional_instances(prices, PROD)
    assert (training.verdict, processing.verdict) == ("warning", "failed")
    assert "does not offer ml.m7i.large for Training; remove it from training_job.instance_types" in training.line
    assert processing.line.endswith("change fleet.instance_types, for example to ml.m4.2xlarge")


def test_spot_has_prices_of_its_own_and_an_empty_list_is_no_verdict(prices: "PricingClient") -> None:
    job = PROD.training_job.model_copy(update={"spot": True, "instance_types": ("ml.m5.large",)})
    with Stubber(prices) as answers:
        offer(answers, "Training", ["ml.m5.large"])
        offer(answers, "SpotTraining", [])
        found = check_regional_instances(prices, PROD.model_copy(update={"training_job": job, "fleet": None}))
    assert [each.verdict for each in found] == ["ok", "unknown"]
