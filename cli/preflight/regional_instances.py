"""Check that the region offers the instance types, by AWS's price list.

Service Quotas lists types that a region does not have. The price list has a price for each type that it has.
"""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from infra.settings.environment import Settings
from lambdas.preflight.check_results import CheckResult, failed, ok, unknown, warning

if TYPE_CHECKING:
    from mypy_boto3_pricing import PricingClient

# The Price List API has endpoints in few regions, and each has the prices of all regions.
PRICES_REGION = "us-east-1"
TRAINING, SPOT_TRAINING, PROCESSING = "Training", "SpotTraining", "Processing"


def check_regional_instances(prices: "PricingClient", settings: Settings) -> list[CheckResult]:
    """Check each kind of job that the settings use. One offered type is enough, because the next one is tried.

    Args:
        prices: A Pricing client in `PRICES_REGION`.
        settings: Settings of the environment.
    """
    job, fleet, region = settings.training_job, settings.fleet, settings.deployment.region
    found = [_check_types(prices, job.instance_types, region=region, kind=TRAINING, key="training_job.instance_types")]
    if job.spot:
        found.append(
            _check_types(prices, job.instance_types, region=region, kind=SPOT_TRAINING, key="training_job.spot")
        )
    if fleet is not None:
        types = fleet.instance_types
        found.append(_check_types(prices, types, region=region, kind=PROCESSING, key="fleet.instance_types"))
    return found


def _check_types(prices: "PricingClient", types: Sequence[str], *, region: str, kind: str, key: str) -> CheckResult:
    offered = _offered(prices, region, kind)
    if not offered:
        return unknown(f"instance types: the price list has no prices of {kind} in {region}")
    missing = [each for each in types if each not in offered]
    if not missing:
        return ok(f"instance types: {region} offers {', '.join(types)} for {kind}")
    line = f"instance types: {region} does not offer {', '.join(missing)} for {kind}; "
    if len(missing) < len(types):
        return warning(f"{line}remove it from {key}, so that no run tries it")
    return failed(f"{line}change {key}, for example to {_nearest(types[0], offered)}")


def _offered(prices: "PricingClient", region: str, kind: str) -> set[str]:
    """Return the instance types with a price in the region."""
    terms = {"regionCode": region, "platoinstancetype": kind}
    pages = prices.get_paginator("get_products").paginate(
        ServiceCode="AmazonSageMaker",
        Filters=[{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in terms.items()],
    )
    return {json.loads(each)["product"]["attributes"]["instanceName"] for page in pages for each in page["PriceList"]}


def _nearest(wanted: str, offered: set[str]) -> str:
    """Return an offered type of the same size and letter, or any offered one."""
    _, family, size = wanted.split(".")
    alike = sorted(each for each in offered if each.startswith(f"ml.{family[0]}") and each.endswith(f".{size}"))
    return (alike or sorted(offered))[-1]
