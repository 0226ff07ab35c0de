"""Generator of synthetic demand of any size, in the format of a retailer's warehouse.

`python -m benchmarks.generator --series 5000000 ...` writes Parquet files.
"""
