"""Files of rows: find and read Parquet and CSV, check rows, tell numbers from text, and type and hash key columns.

`validation_report` collects every finding; the other modules add to it.
May import: errors.
"""
