"""Demand of any size, as a retailer's warehouse would write it.

`python -m benchmarks.generator --series 5000000 ...` writes Parquet files.
"""
