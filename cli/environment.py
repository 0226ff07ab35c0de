"""The settings of the environment that the user selected."""

from cli.errors import CommandError
from infra.settings.environment import Settings
from infra.settings.loader import ENVIRONMENTS, SettingsError, load_settings


def read_settings(environment: str) -> Settings:
    """Read and check `environments/<environment>.toml`.

    Raises:
        CommandError: The file is missing or invalid. The message has a line for each problem.
    """
    try:
        return load_settings(environment, ENVIRONMENTS)
    except SettingsError as error:
        raise CommandError(str(error)) from error
