"""The format number of a stored model, which decides whether a program can read it.

A model identifies its features by position. A program with other features, or another meaning of one, would read the
model without an error and forecast nonsense. So the number covers the features, their order and their meaning, and
the layout of the model's files.
"""

# Raise the number by hand when one of these changes. Until then, test_golden_model.py in
# tests/unit/job_code/forecasting fails.
MODEL_FORMAT = 3
# The image's environment variable with the number, for programs that cannot read the image's files.
IMAGE_VARIABLE = "MODEL_FORMAT"


def describe_mismatch(*, run_id: str, found: int, reads: int) -> str:
    """Return the reason why an image does not read a model, and what to do.

    Args:
        run_id: The run that trained the model.
        found: Format of the model.
        reads: Format that the image reads.
    """
    return (
        f"the model of run {run_id} has format {found}, the deployed image reads format {reads}; start a run with "
        '{"mode": "train"}, or wait for the next training'
    )
