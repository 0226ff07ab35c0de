"""The job's speed: time, memory, disk and price by size, beside plain MLForecast.

`python -m benchmarks.speed` measures and writes results.json; `markdown` prints it as tables.
"""
