"""Trials of the acceptance in the local cloud."""

from datetime import UTC, datetime
from pathlib import Path

from cli.acceptance.place import Place
from cli.acceptance.record import Record
from cli.acceptance.trial import Trial
from cli.rehearsal.display import Display
from infra.settings.environment import Settings
from local_cloud import LocalCloud


def new_trial(cloud: LocalCloud, settings: Settings, folder: Path, *, environment: str) -> Trial:
    """Return the trial of an administrator who has prepared the account.

    Args:
        cloud: The local cloud.
        settings: Settings of the deployment.
        folder: Folder for record, report and log.
        environment: Environment whose settings are accepted.
    """
    place = Place.in_local_cloud(cloud)
    record = Record.new(
        folder / "record.json", environment=environment, place=place.title, revision="", now=datetime.now(UTC)
    )
    trial = Trial(place=place, settings=settings, record=record, display=Display(), folder=folder)
    trial.onejob("bootstrap")
    return trial
