"""Points the readers to a whole run."""
