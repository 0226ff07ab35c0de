"""The run registry: one item a run, each change one conditional write. Shared by the functions that need it."""
