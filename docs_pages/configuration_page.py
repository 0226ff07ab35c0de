"""Write `docs/configuration.md` from the models of the settings."""

from collections.abc import Iterator

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from docs_pages.field_words import default_words, rule_words, type_words
from docs_pages.markdown import NOTE, table
from infra.settings.environment import EnvironmentSettings

PAGE = """\
{note}

# Configuration

For the engineer who edits `environments/<environment>.toml`, and for the data scientist who changes a forecast.
[Operations](operations.md#change-an-environment) describes how to deploy a change.

The file has the tables below. `make preflight`, `make diff` and `make deploy` validate every key and list all errors.
An unknown key is an error. "Default" is the value without the key: a required key has none. TOML has no null, so remove
a key to get the default *none*.

{tables}
"""


def configuration_page() -> str:
    """Return the page."""
    return PAGE.format(note=NOTE, tables="\n\n".join(_section(name, model, field) for name, model, field in tables()))


def tables() -> Iterator[tuple[str, type[BaseModel], FieldInfo]]:
    """Yield name, model and field of each table of an environment's file."""
    for name, field in EnvironmentSettings.model_fields.items():
        yield name, _model(field.annotation), field


def _section(name: str, model: type[BaseModel], field: FieldInfo) -> str:
    required = "This table is required." if field.is_required() else "This table is optional."
    rows = (
        (f"`{key}`", _valid_values(each), default_words(each), each.description or "")
        for key, each in model.model_fields.items()
    )
    keys = table(("Key", "Valid values", "Default", "Meaning"), rows)
    return f"## `[{name}]`\n\n{field.description} {required}\n\n{keys}"


def _valid_values(field: FieldInfo) -> str:
    return ": ".join(filter(None, (type_words(field.annotation), rule_words(field))))


def _model(annotation: object) -> type[BaseModel]:
    """Return the model of a table, which may be optional."""
    candidates = [annotation, *getattr(annotation, "__args__", ())]
    return next(each for each in candidates if isinstance(each, type) and issubclass(each, BaseModel))
