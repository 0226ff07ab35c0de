"""Accuracy of the job on tasks with known outcomes, compared with plain MLForecast and published scores.

`python -m benchmarks.accuracy FOLDER` runs the tasks of a folder.
"""
