"""The docker shim: the program that the CDK CLI calls instead of docker to build, tag, push, log in and inspect.

It also answers `docker info` and removes images, for callers that check the build.

Called as `python -m local_cloud.containers.docker_cli IMAGES_FOLDER <docker's arguments>`. It fails on every command
or option that it does not support. It never ignores one that changes the result.
"""

import argparse
import json
import sys
from pathlib import Path

from local_cloud.containers.dockerfile import ImageBuild
from local_cloud.containers.images import ImageError, ImageStore

_IGNORED_OPTIONS = {"--build-context", "--cache-from", "--cache-to", "--network", "--provenance"}
# The members of Docker's answer that say what it can build.
_INFO = {
    "ServerVersion": "local-cloud",
    "Driver": "folders",
    "DriverStatus": [],
    "OSType": "linux",
    "Architecture": "x86_64",
    "ClientInfo": {"Plugins": [{"Name": "buildx"}]},
}
_IGNORED_FLAGS = {"--no-cache", "--pull", "--quiet", "-q", "--load"}


def main(images: ImageStore, arguments: list[str]) -> int:
    """Run one docker command and return its exit status."""
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
    if arguments[:3] == ["image", "rm", "--force"]:
        images.remove(arguments[3])
        return 0
    if arguments == ["info", "--format", "{{json .}}"]:
        print(json.dumps(_INFO))
        return 0
    raise ImageError(f"the local cloud's docker shim does not support `docker {' '.join(arguments)}`")


def _build(images: ImageStore, words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="docker build", add_help=False, allow_abbrev=False)
    parser.add_argument("context", nargs="?", default=".", type=Path)
    parser.add_argument("--tag", "-t", required=True)
    parser.add_argument("--file", "-f", default="Dockerfile")
    parser.add_argument("--platform", default="linux/amd64")
    parser.add_argument("--build-arg", action="append", default=[])
    parser.add_argument("--output", action="append", default=[])
    for option in _IGNORED_OPTIONS:
        parser.add_argument(option)
    for flag in _IGNORED_FLAGS:
        parser.add_argument(flag, action="store_true")
    options, unknown = parser.parse_known_args(words)
    if unknown:
        raise ImageError(f"the local cloud's docker shim does not support `docker build {unknown[0]}`")
    context: Path = options.context.resolve()
    build = ImageBuild(
        context=context,
        dockerfile=context / options.file,
        arguments={name: value for name, _, value in (pair.partition("=") for pair in options.build_arg)},
        platform=options.platform,
        outputs=options.output,
    )
    images.build(options.tag, build.lay_out)
    return 0


def _push(images: ImageStore, uri: str) -> int:
    record = images.get(uri)
    # Imported here because only this command calls the cloud, and the others must start fast.
    import boto3

    from local_cloud.containers.image_push import push
    from local_cloud.core.server_settings import ACCESS_KEY, SECRET_KEY

    # Docker pushes with the token of its login, not with the keys of its caller. The CDK gets it as another role.
    client = boto3.client("ecr", aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY)
    push(client, uri, record)
    return 0


def _inspect(images: ImageStore, words: list[str]) -> int:
    try:
        images.get([word for word in words if not word.startswith("-")][-1])
    except ImageError:
        return 1  # the CDK checks whether the image exists before it builds it
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(ImageStore(Path(sys.argv[1])), sys.argv[2:]))
    except ImageError as error:
        sys.exit(f"docker (local cloud): {error}")
