"""CheckRun: checks that a completed job wrote a complete run."""
