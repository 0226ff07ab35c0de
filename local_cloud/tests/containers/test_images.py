"""The docker shim, and the images that it builds from Dockerfiles."""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from local_cloud.client.local_cloud import LocalCloud
from local_cloud.containers.dockerfile import ImageBuild
from local_cloud.containers.images import ImageError, ImageRecord, ImageStore

_REPOSITORY = Path(__file__).resolve().parent.parent.parent.parent


@pytest.fixture
def context(tmp_path: Path) -> Path:
    folder = tmp_path / "context"
    for name in ("main.py", "package/module.py", "package/data/table.csv", "notes.md", "tests/test_it.py"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return folder


def _build(context: Path, dockerfile: str, **arguments: str) -> tuple[ImageRecord, list[str]]:
    (context / "Dockerfile").write_text(dockerfile)
    folder = context.parent / "image"
    folder.mkdir()
    build = ImageBuild(context=context, dockerfile=context / "Dockerfile", arguments=arguments)
    record = build.lay_out(folder)
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    return record, files


def test_files_land_where_copy_puts_them(context: Path) -> None:
    _, files = _build(
        context,
        "FROM scratch\nWORKDIR /opt/program\nCOPY main.py .\nCOPY package package/\nCOPY *.md /docs/\n"
        "COPY main.py run.py\n",
    )
    assert files == [
        "docs/notes.md",
        "opt/program/main.py",
        "opt/program/package/data/table.csv",
        "opt/program/package/module.py",
        "opt/program/run.py",
    ]


def test_the_record_has_the_image_settings(context: Path) -> None:
    record, _ = _build(
        context,
        "ARG PYTHON=3.11\nFROM python:${PYTHON}\nARG COLOR=red\n# a comment\n"
        'ENV A=1 \\\n    B="two words"\nENV C $COLOR\nRUN pip install things && \\\n    rm -rf /var/cache/*\n'
        'WORKDIR /opt\nWORKDIR program\nENTRYPOINT ["python", "-m", "x"]\nCMD ["train"]\n',
        COLOR="blue",
    )
    assert record.environment == {"A": "1", "B": "two words", "C": "blue"}
    assert record.working_folder == "/opt/program"
    assert (record.entrypoint, record.command) == (["python", "-m", "x"], ["train"])


def test_only_the_last_stage_is_the_image(context: Path) -> None:
    record, files = _build(context, "FROM a AS build\nCOPY . /build\nENV X=1\nFROM b\nCOPY main.py /app/\n")
    assert files == ["app/main.py"]
    assert record.environment == {}


def test_dockerignore_excludes_files(context: Path) -> None:
    (context / ".dockerignore").write_text("# excluded\ntests\n**/*.csv\n*.md\n!notes.md\n.dockerignore\nDockerfile\n")
    _, files = _build(context, "FROM a\nCOPY . /app\n")
    assert files == ["app/main.py", "app/notes.md", "app/package/module.py"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("ONBUILD RUN x", r"Dockerfile:2: ONBUILD: the local cloud's image builder does not support this instruction"),
        ("COPY nothing /app", r"COPY nothing: no such file in the build context"),
        ("COPY ../outside /app", r"COPY \.\./outside: (no such file|the source is outside)"),
        ("COPY --from=build /x /y", "does not support copying from another stage"),
        ("ENTRYPOINT python main.py", "use the exec form"),
        ("ADD https://example.org/x /x", "sources in the build context"),
    ],
)
def test_unsupported_instructions_are_errors(context: Path, line: str, message: str) -> None:
    with pytest.raises(ImageError, match=message):
        _build(context, f"FROM a\n{line}\n")


def _docker(
    images: Path, *arguments: str, cwd: Path, cloud: LocalCloud | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "local_cloud.containers.docker_cli", str(images), *arguments],
        cwd=cwd,
        env={"PYTHONPATH": str(_REPOSITORY), **(cloud.environment if cloud else {})},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_docker_commands_of_the_cdk_work(context: Path, tmp_path: Path, cloud: LocalCloud) -> None:
    (context / "Dockerfile.other").write_text("FROM a\nCOPY main.py /app/\n")
    images = tmp_path / "images"
    ecr, uri = cloud.client("ecr"), "123456789012.dkr.ecr.eu-central-1.amazonaws.com/pushed:hash"
    ecr.create_repository(repositoryName="pushed")
    assert _docker(images, "login", "--username", "AWS", "--password-stdin", "https://123", cwd=context).returncode == 0
    assert _docker(images, "inspect", "cdkasset-hash", cwd=context).returncode == 1
    build = ("build", "--tag", "cdkasset-hash", "--file", "Dockerfile.other", "--platform", "linux/arm64", ".")
    built = _docker(images, *build, cwd=context)
    assert built.returncode == 0, built.stderr
    assert _docker(images, "inspect", "cdkasset-hash", cwd=context).returncode == 0
    assert _docker(images, "tag", "cdkasset-hash", uri, cwd=context).returncode == 0
    for _ in range(2):  # a second push of the same image succeeds
        pushed = _docker(images, "push", uri, cwd=context, cloud=cloud)
        assert pushed.returncode == 0, pushed.stderr
    assert (ImageStore(images).get(uri).root / "app/main.py").read_text() == "main.py"
    (image,) = ecr.batch_get_image(repositoryName="pushed", imageIds=[{"imageTag": "hash"}])["images"]
    config = json.loads(image["imageManifest"])["config"]["digest"]
    layer = ecr.get_download_url_for_layer(repositoryName="pushed", layerDigest=config)
    with urllib.request.urlopen(layer["downloadUrl"]) as response:
        assert json.load(response)["architecture"] == "arm64"


@pytest.mark.parametrize(
    ("output", "media_type"),
    [
        (["--output", "type=docker,oci-mediatypes=false"], "application/vnd.docker.distribution.manifest.v2+json"),
        (["--output=oci-mediatypes=false,type=docker"], "application/vnd.docker.distribution.manifest.v2+json"),
        (["--output", "type=docker"], "application/vnd.oci.image.manifest.v1+json"),
        ([], "application/vnd.oci.image.manifest.v1+json"),
    ],
)
def test_a_manifest_has_dockers_format_only_if_the_build_asks_for_it(
    context: Path, tmp_path: Path, cloud: LocalCloud, output: list[str], media_type: str
) -> None:
    (context / "Dockerfile").write_text("FROM a\nCOPY main.py /app/\n")
    ecr, repository = cloud.client("ecr"), tmp_path.name.replace("_", "-")
    uri = f"123456789012.dkr.ecr.eu-central-1.amazonaws.com/{repository}:hash"
    ecr.create_repository(repositoryName=repository)
    assert _docker(tmp_path / "images", "build", "--tag", uri, *output, ".", cwd=context).returncode == 0
    assert _docker(tmp_path / "images", "push", uri, cwd=context, cloud=cloud).returncode == 0
    (image,) = ecr.batch_get_image(repositoryName=repository, imageIds=[{"imageTag": "hash"}])["images"]
    assert json.loads(image["imageManifest"])["mediaType"] == media_type


def test_an_image_can_be_removed_and_built_again(context: Path, tmp_path: Path) -> None:
    (context / "Dockerfile").write_text("FROM a\nCOPY main.py /app/\n")
    images = tmp_path / "images"
    for _ in range(2):
        assert _docker(images, "build", "--tag", "x", ".", cwd=context).returncode == 0
        assert _docker(images, "inspect", "x", cwd=context).returncode == 0
        assert _docker(images, "image", "rm", "--force", "x", cwd=context).returncode == 0
        assert _docker(images, "inspect", "x", cwd=context).returncode == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "x"], "does not support `docker run x`"),
        (["build", "--tag", "x", "--squash", "."], "does not support `docker build --squash`"),
        (["build", "."], "--tag"),
        (["push", "nowhere:1"], "image nowhere:1 not found"),
    ],
)
def test_the_docker_shim_refuses_unsupported_commands(
    context: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    done = _docker(tmp_path / "images", *arguments, cwd=context)
    assert done.returncode != 0
    assert message in done.stderr
