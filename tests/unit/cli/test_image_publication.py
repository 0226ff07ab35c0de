"""A refused image is removed, so that the next deployment builds and pushes it again."""

import pytest
from boto3 import Session
from botocore.stub import Stubber

from cli.aws.cloud_assembly import ImageAsset
from cli.aws.image_publication import remove_image
from lambdas.preflight.image import OTHERS

IMAGE = ImageAsset(asset="ABC", repository="images", tag="abc")
MANIFEST = f'{{"schemaVersion": 2, "mediaType": "{OTHERS[1]}"}}'


@pytest.fixture(autouse=True)
def docker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a program that does nothing stand in for Docker."""
    monkeypatch.setenv("CDK_DOCKER", "true")


def test_only_the_refused_tag_is_removed(account: Session) -> None:
    ecr = account.client("ecr")
    ecr.create_repository(repositoryName="images")
    for tag in ("abc", "another"):
        ecr.put_image(
            repositoryName="images", imageManifest=MANIFEST.replace("2", f'2, "tag": "{tag}"', 1), imageTag=tag
        )
    assert remove_image(ecr, IMAGE) == "onejob removed the image from images and from Docker."
    assert [each.get("imageTag") for each in ecr.list_images(repositoryName="images")["imageIds"]] == ["another"]


def test_a_caller_who_may_not_remove_it_gets_the_command(account: Session) -> None:
    ecr = account.client("ecr")
    with Stubber(ecr) as answers:
        answers.add_client_error("batch_delete_image", "AccessDeniedException", "not authorized")
        said = remove_image(ecr, IMAGE)
    assert "not authorized" in said
    assert said.endswith("Run: aws ecr batch-delete-image --repository-name images --image-ids imageTag=abc")
