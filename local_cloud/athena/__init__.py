"""Athena: executes queries with DuckDB over the Glue catalog and the files in S3.

May import `core`.
"""
