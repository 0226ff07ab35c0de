"""Reads a Dockerfile and lays out its image in a folder; see `images` for the format. Standard library only."""

import json
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from local_cloud.containers.images import ImageError, ImageRecord, copy_into_image

# The caller's Python environment replaces the result of RUN. The others change nothing for a local process.
_IGNORED_INSTRUCTIONS = {
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


@dataclass(frozen=True, kw_only=True)
class ImageBuild:
    """One build, with the arguments of `docker build`.

    Attributes:
        context: The build context.
        dockerfile: The Dockerfile.
        arguments: Build arguments; they override the defaults of ARG.
        platform: Operating system and architecture that the image is for.
        outputs: Docker's exporters with their options. Without `oci-mediatypes=false` the image has OCI's format, as
            BuildKit 0.31 writes for every type of output.
    """

    context: Path
    dockerfile: Path
    arguments: Mapping[str, str] = field(default_factory=dict)
    platform: str = "linux/amd64"
    outputs: Sequence[str] = ()

    def lay_out(self, folder: Path) -> ImageRecord:
        """Lay out the last stage of the Dockerfile in `folder`, which is empty.

        Raises:
            ImageError: The builder does not support an instruction, or a copied file is missing.
        """
        record = ImageRecord(
            folder=str(folder),
            architecture=self.platform.partition("/")[2],
            in_docker_format=any("oci-mediatypes=false" in output.split(",") for output in self.outputs),
        )
        image = _Image(self, record)
        for line, name, rest in self._last_stage():
            image.take(name, rest, where=f"{self.dockerfile}:{line}: {name}")
        return image.record

    def _last_stage(self) -> list[tuple[int, str, str]]:
        """Return the instructions of the last stage, which becomes the image, and the ARGs of all stages."""
        found = instructions(self.dockerfile.read_text())
        last = max((number for number, (_, name, _) in enumerate(found) if name == "FROM"), default=0)
        return [entry for number, entry in enumerate(found) if number >= last or entry[1] == "ARG"]


class _Image:
    """The image after the instructions so far."""

    def __init__(self, build: ImageBuild, record: ImageRecord) -> None:
        self.record = record
        self._build = build
        self._values = dict(build.arguments)
        self._excluded = _ignored(build.context, build.dockerfile)
        self._handlers: dict[str, Callable[[str, str], None]] = {
            "ARG": self._arg,
            "ENV": self._env,
            "WORKDIR": self._workdir,
            "COPY": self._copy,
            "ADD": self._copy,
            "ENTRYPOINT": self._entrypoint,
            "CMD": self._cmd,
        }

    def take(self, name: str, rest: str, *, where: str) -> None:
        """Apply one instruction."""
        if name in _IGNORED_INSTRUCTIONS:
            return
        if name not in self._handlers:
            raise ImageError(f"{where}: the local cloud's image builder does not support this instruction")
        self._handlers[name](rest, where)

    def _arg(self, rest: str, where: str) -> None:
        for name, default in _pairs(self._expanded(rest), where):
            self._values.setdefault(name, default)

    def _env(self, rest: str, where: str) -> None:
        added = dict(_pairs(self._expanded(rest), where))
        self.record = replace(self.record, environment={**self.record.environment, **added})

    def _workdir(self, rest: str, _where: str) -> None:
        self.record = replace(self.record, working_folder=self._inside(self._expanded(rest)))
        (self.record.root / self.record.working_folder.lstrip("/")).mkdir(parents=True, exist_ok=True)

    def _copy(self, rest: str, where: str) -> None:
        text = self._expanded(rest)
        words = _exec_form(text, where) if text.startswith("[") else shlex.split(text)
        if any(word.startswith("--from") for word in words):
            raise ImageError(
                f"{where}: the local cloud's image builder does not support copying from another stage or image"
            )
        *sources, target = [word for word in words if not word.startswith("--")]
        if not sources or any("://" in source for source in sources):
            raise ImageError(f"{where}: give one or more sources in the build context and a destination")
        copy_into_image(
            self._build.context,
            sources=sources,
            destination=self.record.root / self._inside(target).lstrip("/"),
            into_folder=target.endswith(("/", ".")),
            excluded=self._excluded,
        )

    def _entrypoint(self, rest: str, where: str) -> None:
        self.record = replace(self.record, entrypoint=_exec_form(rest, where), command=[])

    def _cmd(self, rest: str, where: str) -> None:
        self.record = replace(self.record, command=_exec_form(rest, where))

    def _expanded(self, text: str) -> str:
        values = {**self._values, **self.record.environment}

        def value(match: re.Match[str]) -> str:
            braced, default, plain = match.groups()
            return values.get(braced or plain) or default or ""

        return _VARIABLE.sub(value, text)

    def _inside(self, path: str) -> str:
        return str(Path(self.record.working_folder) / path.strip("\"'"))


def instructions(text: str) -> list[tuple[int, str, str]]:
    """Split a Dockerfile into (line number, instruction, rest). Continued lines are joined and comments are removed."""
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
        raise ImageError(f'{where}: use the exec form, ["program", "argument"]; the shell form loses signals')
    return words


def _ignored(context: Path, dockerfile: Path) -> list[str]:
    for path in (dockerfile.with_name(f"{dockerfile.name}.dockerignore"), context / ".dockerignore"):
        if path.exists():
            lines = [line.strip() for line in path.read_text().splitlines()]
            return [line for line in lines if line and not line.startswith("#")]
    return []
