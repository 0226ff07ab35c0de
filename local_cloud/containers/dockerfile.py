"""Reads a Dockerfile and "builds" it: see `images` for what that means. Standard library only."""

import json
import re
import shlex
from dataclasses import replace
from pathlib import Path

from local_cloud.containers.images import ImageError, ImageRecord, copy_into_image

# RUN: the caller's Python environment stands in. The others change nothing a local process would notice.
_WITHOUT_EFFECT = {
    "FROM",
    "RUN",
    "LABEL",
    "EXPOSE",
    "SHELL",
    "USER",
    "STOPSIGNAL",
    "MAINTAINER",
    "HEALTHCHECK",
    "VOLUME",
}
_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::-([^}]*))?\}|(\w+))")


def build_image(context: Path, *, dockerfile: Path, folder: Path, arguments: dict[str, str]) -> ImageRecord:
    """Lays out the last stage of a Dockerfile in `folder`.

    Args:
        context: The build context.
        dockerfile: The Dockerfile.
        folder: An empty folder, the image's root.
        arguments: Build arguments; they override the defaults of ARG.

    Raises:
        ImageError: An instruction is not known here, or a copied file is not there.
    """
    record = ImageRecord(folder=str(folder))
    values = dict(arguments)
    excluded = _ignored(context, dockerfile)
    stages = [rest for _, name, rest in instructions(dockerfile.read_text()) if name == "FROM"]
    stage = 0
    for line, name, rest in instructions(dockerfile.read_text()):
        stage += name == "FROM"
        if stage < len(stages) and name != "ARG":
            continue  # only the last stage becomes the image
        text = _expand(rest, {**values, **record.environment})
        where = f"{dockerfile}:{line}: {name}"
        if name in _WITHOUT_EFFECT:
            continue
        if name == "ARG":
            for argument, default in _pairs(text, where):
                values.setdefault(argument, default)
        elif name == "ENV":
            record = replace(record, environment={**record.environment, **dict(_pairs(text, where))})
        elif name == "WORKDIR":
            record = replace(record, working_folder=_inside(record, text))
            (folder / record.working_folder.lstrip("/")).mkdir(parents=True, exist_ok=True)
        elif name in ("COPY", "ADD"):
            _copy(record, text, context=context, excluded=excluded, where=where)
        elif name == "ENTRYPOINT":
            record = replace(record, entrypoint=_exec_form(rest, where), command=[])
        elif name == "CMD":
            record = replace(record, command=_exec_form(rest, where))
        else:
            raise ImageError(f"{where}: this instruction is not known to the local cloud's image builder")
    return record


def instructions(text: str) -> list[tuple[int, str, str]]:
    """Splits a Dockerfile into (line number, instruction, rest), continued lines joined and comments left out."""
    found: list[tuple[int, str, str]] = []
    start, joined = 0, ""
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if line.startswith("#") or not (line or joined):
            continue
        start = start if joined else number
        if line.endswith("\\"):
            joined += line[:-1] + " "
            continue
        name, _, rest = (joined + line).strip().partition(" ")
        found.append((start, name.upper(), rest.strip()))
        joined = ""
    return found


def _copy(record: ImageRecord, text: str, *, context: Path, excluded: list[str], where: str) -> None:
    words = _exec_form(text, where) if text.startswith("[") else shlex.split(text)
    options = [word for word in words if word.startswith("--")]
    if any(option.startswith("--from") for option in options):
        raise ImageError(
            f"{where}: copying from another stage or image is not known to the local cloud's image builder"
        )
    *sources, target = [word for word in words if not word.startswith("--")]
    if not sources or any("://" in source for source in sources):
        raise ImageError(f"{where}: needs sources in the build context and a destination")
    destination = record.root / _inside(record, target).lstrip("/")
    folder_named = target.endswith(("/", "."))
    copy_into_image(context, sources=sources, destination=destination, into_folder=folder_named, excluded=excluded)


def _inside(record: ImageRecord, path: str) -> str:
    path = path.strip("\"'")
    absolute = Path(path) if path.startswith("/") else Path(record.working_folder) / path
    return str(absolute)


def _pairs(text: str, where: str) -> list[tuple[str, str]]:
    words = shlex.split(text)
    if words and "=" not in words[0]:
        return [(words[0], " ".join(words[1:]))]  # `ENV NAME value`, and `ARG NAME`
    if any("=" not in word for word in words):
        raise ImageError(f"{where}: expected NAME=value, got {text!r}")
    return [(name, value) for name, _, value in (word.partition("=") for word in words)]


def _exec_form(text: str, where: str) -> list[str]:
    try:
        words = json.loads(text)
    except ValueError:
        words = None
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise ImageError(f'{where}: write the exec form, ["program", "argument"]: in the shell form signals are lost')
    return words


def _expand(text: str, values: dict[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        braced, default, plain = match.groups()
        return values.get(braced or plain) or default or ""

    return _VARIABLE.sub(value, text)


def _ignored(context: Path, dockerfile: Path) -> list[str]:
    for path in (dockerfile.with_name(f"{dockerfile.name}.dockerignore"), context / ".dockerignore"):
        if path.exists():
            lines = [line.strip() for line in path.read_text().splitlines()]
            return [line for line in lines if line and not line.startswith("#")]
    return []
