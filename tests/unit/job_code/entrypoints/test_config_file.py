from pathlib import Path

import pytest

from job_code.entrypoints.config_file import read_config_file
from job_code.errors import InputError


def test_a_file_provides_its_forecast_table_or_its_top_level(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('horizon = 8\nkey = ["a", "b"]\n')
    assert read_config_file(path) == {"horizon": 8, "key": ["a", "b"]}
    path.write_text("[forecast]\nhorizon = 9\n[job]\nspot = true\n")
    assert read_config_file(path) == {"horizon": 9}
    path.write_text('[schedule]\nperiod_label = "end"\n[forecast]\nhorizon = 9\n')
    assert read_config_file(path) == {"horizon": 9, "period_label": "end"}


def test_an_unreadable_file_is_reported_by_name(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("horizon = ")
    for path, reason in [
        (tmp_path / "absent.toml", "does not exist"),
        (broken, "is not valid TOML"),
        (tmp_path, "cannot be read"),
    ]:
        with pytest.raises(InputError, match=reason) as error:
            read_config_file(path)
        assert str(path) in str(error.value)
