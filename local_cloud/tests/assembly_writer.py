"""Writes a small cloud assembly directly, without an application and without the CDK."""

import json
import shutil
from pathlib import Path
from typing import Any

EXAMPLE = Path(__file__).resolve().parent / "example"
_BUCKET = "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"
_REPOSITORY = "cdk-hnb659fds-container-assets-${AWS::AccountId}-${AWS::Region}"


def write_assembly(folder: Path, template: dict[str, Any], *, stack: str, image: Path = EXAMPLE / "image") -> Path:
    """Write a stack with the example function and the example image.

    The function is `function.zip` in the asset bucket, and the image has the tag `<stack>-example`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(EXAMPLE / "function", folder / "asset.function", dirs_exist_ok=True)
    shutil.copytree(image, folder / "asset.image", dirs_exist_ok=True)
    _write(folder / f"{stack}.template.json", template)
    _write(
        folder / f"{stack}.assets.json",
        {
            "version": "43.0.0",
            "files": {
                "function": {
                    "source": {"path": "asset.function", "packaging": "zip"},
                    "destinations": {"here": {"bucketName": _BUCKET, "objectKey": "function.zip"}},
                }
            },
            "dockerImages": {
                "image": {
                    "source": {"directory": "asset.image", "platform": "linux/amd64"},
                    "destinations": {"here": {"repositoryName": _REPOSITORY, "imageTag": f"{stack}-example"}},
                }
            },
        },
    )
    _write(
        folder / "manifest.json",
        {
            "version": "43.0.0",
            "artifacts": {
                f"{stack}.assets": {"type": "cdk:asset-manifest", "properties": {"file": f"{stack}.assets.json"}},
                stack: {
                    "type": "aws:cloudformation:stack",
                    "environment": "aws://unknown-account/unknown-region",
                    "properties": {"templateFile": f"{stack}.template.json", "tags": {"owner": "tests"}},
                    "dependencies": [f"{stack}.assets"],
                },
            },
        },
    )
    return folder


def image_uri(stack: str) -> dict[str, str]:
    """Return the template expression for the example image of a stack."""
    return {
        "Fn::Sub": f"${{AWS::AccountId}}.dkr.ecr.${{AWS::Region}}.${{AWS::URLSuffix}}/{_REPOSITORY}:{stack}-example"
    }


def asset_bucket() -> dict[str, str]:
    """Return the template expression for the bucket of the file assets."""
    return {"Fn::Sub": _BUCKET}


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1))
