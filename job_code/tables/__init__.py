"""Files of rows: find and read Parquet and CSV, check rows, type and hash key columns, and collect what is wrong.

`validation_report` collects every finding; the other modules add to it.
May import: errors.
"""
