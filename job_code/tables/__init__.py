"""Tables: open the tables of an input, check rows, infer column types, and type and hash key columns.

The other modules add their findings to `validation_report`.
May import: files, config, errors.
"""
