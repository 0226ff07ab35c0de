"""Container images without containers: a folder with the files that a Dockerfile copies, and a record of the rest.

Standard library only, because the docker shim starts often and must start fast.

`FROM` is ignored and `RUN` is not executed. The Python environment of the cloud replaces the base image and the
requirements installed into it. `COPY`, `ENV`, `WORKDIR`, `ENTRYPOINT` and `CMD` are real.
"""

import fnmatch
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path


class ImageError(Exception):
    """An image cannot be built or found. The message names the image or the instruction, and the cause."""


@dataclass(frozen=True, kw_only=True)
class ImageRecord:
    """The settings of an image, without its files.

    Attributes:
        folder: The image's root folder: `/opt/program` is `<folder>/opt/program`.
        environment: ENV.
        working_folder: WORKDIR, a path inside the image.
        entrypoint: ENTRYPOINT in exec form.
        command: CMD in exec form.
        architecture: The architecture that the image is for, as Docker names it.
        in_docker_format: Whether a push sends a manifest in Docker's format, and not in OCI's.
    """

    folder: str
    environment: dict[str, str] = field(default_factory=dict)
    working_folder: str = "/"
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    architecture: str = "amd64"
    in_docker_format: bool = False

    def to_local(self, path: str) -> str:
        """Return the local path of a path in the image. Return the path unchanged if the image does not contain it."""
        local = self.root / path.lstrip("/")
        return str(local) if path.startswith("/") and local.exists() and path != "/" else path

    @property
    def root(self) -> Path:
        """The image's root folder."""
        return Path(self.folder)


class ImageStore:
    """The images in one folder: `files/<hash>/` and `records/<hash of the URI>.json`."""

    def __init__(self, folder: Path) -> None:
        self._files = folder / "files"
        self._records = folder / "records"

    def build(self, uri: str, lay_out: Callable[[Path], ImageRecord]) -> None:
        """Build an image with `lay_out` in an empty folder, and store it under `uri`.

        Equal images share one folder. The files of a stored image never change, because jobs may run from them.
        """
        self._files.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix="new-", dir=self._files))
        try:
            record = lay_out(unfinished)
            folder = self._files / _digest(unfinished)
            if not folder.exists():
                unfinished.rename(folder)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
        self.put(uri, replace(record, folder=str(folder)))

    def put(self, uri: str, record: ImageRecord) -> None:
        """Store a record under `uri`."""
        self._records.mkdir(parents=True, exist_ok=True)
        path = self._record_path(uri)
        unfinished = path.with_suffix(f".{os.getpid()}.new")
        unfinished.write_text(json.dumps({"uri": uri, "record": asdict(record)}))
        unfinished.replace(path)

    def get(self, uri: str) -> ImageRecord:
        """Return the record stored under `uri`.

        Raises:
            ImageError: No image is stored under `uri`.
        """
        path = self._record_path(uri)
        if not path.exists():
            raise ImageError(f"image {uri} not found; first deploy the assembly that builds it")
        return ImageRecord(**json.loads(path.read_text())["record"])

    def remove(self, uri: str) -> None:
        """Remove the record stored under `uri`, if there is one. Its files stay, because jobs may run from them."""
        self._record_path(uri).unlink(missing_ok=True)

    def _record_path(self, uri: str) -> Path:
        return self._records / f"{hashlib.sha256(uri.encode()).hexdigest()[:24]}.json"


def copy_into_image(
    context: Path, *, sources: list[str], destination: Path, into_folder: bool, excluded: list[str]
) -> None:
    """Copy files and the contents of folders from the build context to `destination`, as COPY does.

    Args:
        context: The build context.
        sources: Paths in the build context; they may contain wildcards.
        destination: A folder or file on this computer, in the image's folder.
        into_folder: Whether the Dockerfile names the destination as a folder (it ends with `/`).
        excluded: `.dockerignore` patterns.

    Raises:
        ImageError: A source does not exist, or is outside the context.
    """
    for pattern in sources:
        found = sorted(context.glob(pattern.lstrip("/"))) if pattern.strip("/.") else [context]
        if not found:
            raise ImageError(f"COPY {pattern}: no such file in the build context {context}")
        for source in found:
            if not source.resolve().is_relative_to(context.resolve()):
                raise ImageError(f"COPY {pattern}: the source is outside the build context {context}")
            if source.is_dir():
                _copy_folder(source, destination, context=context, excluded=excluded)
            elif not is_excluded(source.relative_to(context), excluded):
                many = into_folder or len(sources) > 1 or len(found) > 1 or destination.is_dir()
                target = destination / source.name if many else destination
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target)


def is_excluded(path: Path, patterns: list[str]) -> bool:
    """Return whether `.dockerignore` excludes a path of the context. The last matching pattern decides."""
    excluded = False
    candidates = [path.as_posix(), *(parent.as_posix() for parent in path.parents if parent.as_posix() != ".")]
    for line in patterns:
        pattern = line.removeprefix("!").strip("/")
        alternatives = {pattern, pattern.removeprefix("**/")}
        if any(fnmatch.fnmatch(candidate, option) for candidate in candidates for option in alternatives):
            excluded = not line.startswith("!")
    return excluded


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        digest.update(f"{path.relative_to(folder)}\0{path.lstat().st_mode}\0".encode())
        if path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _copy_folder(source: Path, destination: Path, *, context: Path, excluded: list[str]) -> None:
    destination.mkdir(parents=True, exist_ok=True)
    for item in sorted(source.iterdir()):
        if item.is_dir() and not item.is_symlink():
            # An excluded folder may contain files that a later `!pattern` includes again.
            if not is_excluded(item.relative_to(context), excluded) or any(line.startswith("!") for line in excluded):
                _copy_folder(item, destination / item.name, context=context, excluded=excluded)
        elif not is_excluded(item.relative_to(context), excluded):
            shutil.copy2(item, destination / item.name, follow_symlinks=False)
