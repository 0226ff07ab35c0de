"""FailExecution: ends a failed execution with its cause, and chooses where a redriven execution resumes."""
