"""The format of a stored model: the one number that tells whether a program can read it.

A model knows its features by their place. A program with other features, or with another meaning of one, reads the
model without an error and forecasts nonsense. So the number stands for the features, their order and their meaning,
and for the layout of the model's files.
"""

# Raise it by hand whenever one of these changes; tests/unit/job_code/test_golden_model.py fails until somebody does.
MODEL_FORMAT = 1
