"""Check whether the image can read the model that a run without training uses."""

from contract.model_format import describe_mismatch
from contract.state.run_state import ModelFacts

from .check_results import CheckResult, failed, ok, unknown


def check_model(model: ModelFacts, *, reads: int | None) -> CheckResult:
    """Compare the format of a published model with the format that the image reads.

    Args:
        model: The model, with the `run_id` of the run that trained it and its `model_format`.
        reads: The format that the image reads; None if it does not declare one.
    """
    run_id, found = model["run_id"], model["model_format"]
    if reads is None:
        return unknown(f"model: the image does not declare whether it reads format {found}; the job checks this")
    if found != reads:
        return failed(f"model: {describe_mismatch(run_id=run_id, found=found, reads=reads)}")
    return ok(f"model: the image reads format {reads}, the format of the model of run {run_id}")
