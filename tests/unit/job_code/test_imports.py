"""Entry points without a report import neither the report package nor a plotting library."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "module", ["job_code.training.train", "job_code.forecasting.forecast_chunk", "job_code.fleet.chunk_worker"]
)
def test_modules_without_a_report_import_no_plotting_library(module: str) -> None:
    program = f"import sys, {module}; print(*sys.modules, sep='\\n')"
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    modules = loaded.stdout.split()
    assert module in modules
    drawing = [name for name in modules if f"{name}.".startswith(("matplotlib.", "job_code.report."))]
    assert drawing == []
