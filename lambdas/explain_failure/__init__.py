"""Says what broke and whether a rerun helps."""
