"""The job's accuracy on tasks with known outcome, beside plain MLForecast and published scores.

`python -m benchmarks.accuracy FOLDER` runs the tasks of a folder.
"""
