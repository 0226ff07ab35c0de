"""What exists in the cloud: one construct a file, composed by the stacks."""
