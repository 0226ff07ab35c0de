"""Which periods are over, by the clock of a time zone. Shared by the functions that need it."""
