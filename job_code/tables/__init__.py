"""Tables: find and read Parquet and CSV files, check rows, infer column types, and type and hash key columns.

The other modules add their findings to `validation_report`.
May import: errors.
"""
