"""Markdown tables of the results, one module per table."""
