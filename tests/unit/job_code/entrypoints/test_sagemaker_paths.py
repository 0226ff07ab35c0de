import json
from pathlib import Path

import pytest

from contract.error_codes import LONGEST, ErrorCode
from job_code.entrypoints.sagemaker_paths import SageMakerPaths
from job_code.errors import InputError


def test_the_root_is_opt_ml_unless_the_environment_replaces_it(tmp_path: Path) -> None:
    assert SageMakerPaths.from_environment({}).root == Path("/opt/ml")
    assert SageMakerPaths.from_environment({"SAGEMAKER_BASE_DIR": str(tmp_path)}).root == tmp_path


def test_channels_are_folders_below_input(tmp_path: Path) -> None:
    (tmp_path / "input" / "data" / "demand").mkdir(parents=True)
    paths = SageMakerPaths(tmp_path)
    assert paths.channel("demand") == tmp_path / "input" / "data" / "demand"
    assert paths.channel("static") is None


def test_hyperparameters_are_strings(tmp_path: Path) -> None:
    folder = tmp_path / "input" / "config"
    folder.mkdir(parents=True)
    (folder / "hyperparameters.json").write_text(json.dumps({"horizon": "8", "seed": 1}))
    assert SageMakerPaths(tmp_path).hyperparameters() == {"horizon": "8", "seed": "1"}


@pytest.mark.parametrize("content", [None, "{", "[1]", '"horizon"'])
def test_hyperparameters_that_cannot_be_read_are_an_input_error(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        folder = tmp_path / "input" / "config"
        folder.mkdir(parents=True)
        (folder / "hyperparameters.json").write_text(content)
    with pytest.raises(InputError, match=r"hyperparameters\.json"):
        SageMakerPaths(tmp_path).hyperparameters()


def test_the_failure_is_cut_to_the_length_that_the_platform_shows(tmp_path: Path) -> None:
    paths = SageMakerPaths(tmp_path)
    paths.write_failure(ErrorCode.INPUT_ERROR, "ä" * 5000)
    written = (tmp_path / "output" / "failure").read_text(encoding="utf-8")
    assert len(written) == LONGEST == 1024
    assert written.startswith("[InputError] ää")
    assert written.endswith("data-quality report, has all of it)")
    paths.write_failure(ErrorCode.JOB_ERROR, "second")
    assert (tmp_path / "output" / "failure").read_text() == "[JobError] second"
