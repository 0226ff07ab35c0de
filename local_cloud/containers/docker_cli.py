"""The program the CDK CLI calls instead of docker: build, tag, push, login, inspect.

Called as `python -m local_cloud.containers.docker_cli IMAGES_FOLDER <docker's arguments>`. An option or command it does
not know is an error: it never pretends to have done something.
"""

import sys
from dataclasses import replace
from pathlib import Path

from local_cloud.containers.dockerfile import build_image
from local_cloud.containers.images import ImageError, ImageStore

_IGNORED_OPTIONS = {"--cache-from", "--cache-to", "--network", "--output", "--provenance"}
_IGNORED_FLAGS = {"--no-cache", "--pull", "--quiet", "-q", "--load"}


def main(images: ImageStore, arguments: list[str]) -> int:
    """Does one docker command; returns its exit status."""
    command, *rest = arguments or ["help"]
    if command == "login":
        return 0
    if command == "build":
        return _build(images, rest)
    if command == "tag" and len(rest) == 2:
        images.put(rest[1], images.get(rest[0]))
        return 0
    if command == "push":
        return _push(images, [word for word in rest if not word.startswith("-")][-1])
    if command == "inspect":
        return _inspect(images, rest)
    raise ImageError(f"`docker {' '.join(arguments)}` is not known to the local cloud's stand-in for docker")


def _build(images: ImageStore, words: list[str]) -> int:
    tag, dockerfile, context, platform, arguments = "", "", "", "linux/amd64", {}
    pending = list(words)
    while pending:
        word, _, attached = pending.pop(0).partition("=")
        if word in _IGNORED_FLAGS:
            continue
        if not word.startswith("-"):
            context = word
            continue
        value = attached or (pending.pop(0) if pending else "")
        if word in ("--tag", "-t"):
            tag = value
        elif word in ("--file", "-f"):
            dockerfile = value
        elif word == "--platform":
            platform = value
        elif word == "--build-arg":
            name, _, given = value.partition("=")
            arguments[name] = given
        elif word not in _IGNORED_OPTIONS:
            raise ImageError(f"`docker build {word}` is not known to the local cloud's stand-in for docker")
    folder = Path(context or ".").resolve()
    named = Path(dockerfile or "Dockerfile")
    path = named if named.is_absolute() else folder / named
    architecture = platform.partition("/")[2]
    images.build(
        tag,
        lambda root: replace(
            build_image(folder, dockerfile=path, folder=root, arguments=arguments), architecture=architecture
        ),
    )
    return 0


def _push(images: ImageStore, uri: str) -> int:
    record = images.get(uri)
    # Imported here: of all the commands, this one alone talks to the cloud, and the others must start fast.
    import boto3

    from local_cloud.containers.image_push import push

    push(boto3.client("ecr"), uri, record)
    return 0


def _inspect(images: ImageStore, words: list[str]) -> int:
    try:
        images.get([word for word in words if not word.startswith("-")][-1])
    except ImageError:
        return 1  # the CDK asks whether the image is there before it builds it
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(ImageStore(Path(sys.argv[1])), sys.argv[2:]))
    except ImageError as error:
        sys.exit(f"docker (local cloud): {error}")
