"""Ends a failed execution, and takes it up again where it is redriven."""
