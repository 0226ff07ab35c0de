"""The files of runs, as functions with few rights read them. Shared by those that need it."""
