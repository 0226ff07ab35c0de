"""The format of a stored model: the one number that tells whether a program can read it.

A model knows its features by their place. A program with other features, or with another meaning of one, reads the
model without an error and forecasts nonsense. So the number stands for the features, their order and their meaning,
and for the layout of the model's files.
"""

# Raise it by hand whenever one of these changes. Until then test_golden_model.py in tests/unit/job_code/forecasting
# fails.
MODEL_FORMAT = 3
# The image's environment variable with the number, for whoever sees the image and not its files.
IMAGE_VARIABLE = "MODEL_FORMAT"


def why_refused(*, run_id: str, found: int, reads: int) -> str:
    """Say why an image does not read a model, and what to do.

    Args:
        run_id: The run that trained the model.
        found: The model's format.
        reads: The format that the image reads.
    """
    return (
        f"the model of run {run_id} has format {found}, the deployed image reads format {reads}; start a run with "
        '{"mode": "train"}, or wait for the next training'
    )
