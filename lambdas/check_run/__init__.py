"""CheckRun: checks that a completed job left a whole run."""
