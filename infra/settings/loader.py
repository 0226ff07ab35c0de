"""Reads the file of one environment and reports all its problems together."""

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from contract.calendar.frequencies import FREQUENCY_RULE, NUMBERED, calendar_of, is_partial
from contract.names import PERSONAL_ENVIRONMENT
from infra.settings.environment import ENVIRONMENT_PATTERN, EnvironmentSettings, Settings
from infra.settings.field_types import IMAGE_URI_PATTERN
from job_code.config_problems import describe

ENVIRONMENTS = Path(__file__).resolve().parents[2] / "environments"


class SettingsError(Exception):
    """The environment is invalid. The message has one line per problem, with file, key and reason."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def load_settings(environment: str, directory: Path) -> Settings:
    """Read and check `<directory>/<environment>.toml`.

    Raises:
        SettingsError: If the environment does not exist or is invalid; the error has every problem.
    """
    known = sorted(path.stem for path in directory.glob("*.toml"))
    if environment not in known:
        close = difflib.get_close_matches(environment, known, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        names = ", ".join(known) or "none"
        raise SettingsError([f"environment {environment!r} is unknown{hint} ({directory.name}/ has: {names})"])
    problems, document = [], {}
    if not re.fullmatch(ENVIRONMENT_PATTERN, environment):
        problems.append("the file's name: an environment is 1 to 12 lower-case letters and digits, a letter first")
    try:
        document = tomllib.loads((directory / f"{environment}.toml").read_text(encoding="utf-8"))
        problems += _problems(document, environment)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(f"not valid TOML: {error}")
    except OSError as error:
        problems.append(f"cannot be read: {error.strerror}")
    if problems:
        raise SettingsError([f"{directory.name}/{environment}.toml: {problem}" for problem in problems])
    forecast = document["forecast"] | {"period_label": document["schedule"]["period_label"]}
    return Settings.model_validate({**document, "forecast": forecast, "environment": environment})


def _problems(document: Mapping[str, Any], environment: str) -> list[str]:
    problems: list[str] = []
    try:
        EnvironmentSettings.model_validate(document)
    except ValidationError as error:
        problems = describe(error, EnvironmentSettings)
    # These checks use the document and not the models, so that they also run if a table is invalid.
    tables = {name: table for name, table in document.items() if isinstance(table, dict)}
    return [*problems, *_deployment_problems(tables, environment), *_calendar_problems(tables)]


def _deployment_problems(tables: Mapping[str, Mapping[str, Any]], environment: str) -> Iterator[str]:
    deployment = tables.get("deployment", {})
    if "account" not in deployment and environment != PERSONAL_ENVIRONMENT:
        yield f"deployment.account: needed in every environment but {PERSONAL_ENVIRONMENT}; set the account's 12 digits"
    image, region = deployment.get("image_uri"), deployment.get("region")
    if re.fullmatch(IMAGE_URI_PATTERN, str(image)) and f".ecr.{region}." not in str(image):
        yield f"deployment.image_uri: SageMaker pulls images of its own region only ({region})"
    if image is not None and "image_builder" in deployment:
        yield "deployment.image_builder: image_uri names a prebuilt image, so nothing is built; remove one of the two"


def _calendar_problems(tables: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    schedule, forecast = tables.get("schedule", {}), tables.get("forecast", {})
    if "cutoff" in forecast:
        yield 'forecast.cutoff: belongs to one run; remove it and start that run with {"cutoff": "..."}'
    if "period_label" in forecast:
        yield "forecast.period_label: belongs to the calendar of the schedule; set schedule.period_label"
    frequency = forecast.get("frequency")
    name = str(frequency)
    if schedule.get("enabled") is True and (frequency in (None, NUMBERED) or is_partial(name)):
        problem = {"None": "absent", NUMBERED: "1, whose periods have no date"}.get(name)
        problem = problem or f"{name}, without its weekday, month or begin"
        yield f"forecast.frequency: {problem}; the cutoff of a scheduled run needs {FREQUENCY_RULE}"
    label = _label_of(name)
    if label and schedule.get("period_label", label) != label:
        yield f'schedule.period_label: periods of {frequency} carry their {label} day; set "{label}"'


def _label_of(frequency: str) -> str | None:
    """Return whether the begin or the end dates the periods of months; None if both are possible."""
    try:
        calendar = calendar_of(frequency)
    except ValueError:
        return None
    if calendar.kind != "months":
        return None
    return "end" if calendar.is_dated_by_end else "start"
