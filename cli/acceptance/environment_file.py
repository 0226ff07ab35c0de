"""The file `environments/acceptance.toml`: an environment's settings, changed so that the acceptance can end it."""

import fcntl
import os
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tomli_w

from cli.errors import CommandError
from infra.settings.environment import Settings
from infra.settings.loader import ENVIRONMENTS, load_settings

ENVIRONMENT = "acceptance"
FILE = ENVIRONMENTS / f"{ENVIRONMENT}.toml"
# Names of the two partitions.
PARTITIONS = ("north", "south")
# Demand as `cli.rehearsal.synthetic_demand` generates it.
FORECAST: Mapping[str, Any] = {
    "key": ["article_id", "merchant_id"],
    "time": "ds",
    "target": "y",
    "frequency": "W-MON",
    "horizon": 12,
    "quantiles": [0.1, 0.5, 0.9],
}
FLEET_INSTANCES = 2
MIN_SERIES_SHARE = 0.8
HEADER = "# Written by `onejob acceptance`, which also deletes it. Do not edit.\n\n"


@contextmanager
def only_one_acceptance() -> Iterator[None]:
    """Keep other acceptances from the file while this one runs in the same checkout.

    Raises:
        CommandError: Another acceptance runs.
    """
    folder = os.open(FILE.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise CommandError(f"another acceptance uses {FILE}; wait for its end, or use another checkout") from None
    else:
        yield
    finally:
        os.close(folder)


def accepted_name(source: Settings) -> str:
    """Return the name of the deployment that accepts the settings of an environment."""
    return source.model_copy(update={"environment": ENVIRONMENT}).name


def write_environment(source: str, *, account: str, partitions: bool, budget: bool) -> Settings:
    """Write the file and return its settings.

    Account, region, instance types, network, boundary, tags and budget are those of the source. Everything can be
    deleted, no schedule starts a run, and no address gets a message.

    Args:
        source: Name of the environment whose settings are accepted.
        account: Account number, which the source may omit.
        partitions: Whether to add two partitions.
        budget: Whether to keep the source's budget. AWS refuses budgets in some accounts.

    Raises:
        SettingsError: The source is invalid.
    """
    load_settings(source, ENVIRONMENTS)  # names every problem of the source itself
    document = tomllib.loads((ENVIRONMENTS / f"{source}.toml").read_text(encoding="utf-8"))
    _replace(FILE, HEADER + tomli_w.dumps(_changed(document, account=account, partitions=partitions, budget=budget)))
    return load_settings(ENVIRONMENT, ENVIRONMENTS)


def _changed(document: Mapping[str, Any], *, account: str, partitions: bool, budget: bool) -> dict[str, Any]:
    schedule = {"enabled": False, "cron": "0 6 ? * MON *", "time_zone": "UTC", "period_label": "start"}
    kept = ("monthly_budget_usd",) if budget else ()
    alerts = {name: value for name, value in document.get("alerts", {}).items() if name in kept}
    changed = {
        **{name: table for name, table in document.items() if name != "partitions"},
        "deployment": {**document["deployment"], "account": account, "removal_policy": "destroy"},
        "schedule": schedule,
        "forecast": FORECAST,
        "fleet": _fleet(document),
        "gate": {"min_series_share": MIN_SERIES_SHARE},
        "alerts": alerts,
    }
    if partitions:
        changed["partitions"] = {"names": list(PARTITIONS), "max_concurrency": len(PARTITIONS)}
    return changed


def _fleet(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the source's fleet with two instances. Without one, the fleet has the training job's first type."""
    job = document["training_job"]
    of_job = {
        "instance_types": job["instance_types"][:1],
        "volume_gb": job["volume_gb"],
        "max_runtime_minutes": job["max_runtime_minutes"],
    }
    given = {name: value for name, value in document.get("fleet", of_job).items() if name != "deadline_minutes"}
    return {**given, "enabled": False, "instances": FLEET_INSTANCES}


def _replace(path: Path, text: str) -> None:
    unfinished = path.with_suffix(".new")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)
