"""FailExecution: ends a failed execution with its cause, and starts it over where an operator redrives it."""
