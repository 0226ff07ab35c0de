"""The job's time, memory, disk and price by size, compared with plain MLForecast.

`python -m benchmarks.speed` measures and writes results.json. `markdown` prints the results as tables.
"""
